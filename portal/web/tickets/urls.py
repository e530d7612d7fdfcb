"""Addresses of this area."""

from django.urls import path

from portal.web.tickets import detail, export, listing

urlpatterns = [
    path("", listing.ticket_list, name="ticket_list"),
    path("export.csv", export.tickets_csv, name="ticket_list_csv"),
    path("clients/", listing.client_options, name="ticket_client_options"),
    path("<id:pk>/", detail.ticket, name="ticket"),
    path("<id:pk>/refresh/", detail.ticket_refresh, name="ticket_refresh"),
    path("<id:pk>/fetch/", detail.ticket_fetch, name="ticket_fetch"),
]
