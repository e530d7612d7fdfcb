"""Addresses of this area."""

from django.urls import path

from portal.web.tickets import detail, export, listing

urlpatterns = [
    path("", listing.ticket_list, name="ticket_list"),
    path("export.csv", export.tickets_csv, name="ticket_list_csv"),
    path("clients/", listing.client_options, name="ticket_client_options"),
    path("<int:pk>/", detail.ticket, name="ticket"),
    path("<int:pk>/refresh/", detail.ticket_refresh, name="ticket_refresh"),
    path("<int:pk>/fetch/", detail.ticket_fetch, name="ticket_fetch"),
]
