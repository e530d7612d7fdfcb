"""Addresses of this area."""

from django.urls import path

from portal.web.clients import fetching, records, views

LISTS = ("contacts", "assets", "agreements", "invoices", "opportunities")
PAGES = {
    "contact": "contacts",
    "asset": "assets",
    "agreement": "agreements",
    "invoice": "invoices",
    "opportunity": "opportunities",
}
"""One record's page: its name, and the list that it stands in."""

urlpatterns = [
    path("", views.client_list, name="client_list"),
    path("companies.csv", views.clients_csv, name="clients_csv"),
    path("<id:pk>/", views.client, name="client"),
    path("<id:pk>/fetch/", fetching.client_fetch, name="client_fetch"),
    *(path(f"{key}/", records.records, {"key": key}, name=key) for key in LISTS),
    *(path(f"{key}.csv", records.records_csv, {"key": key}, name=f"{key}_csv") for key in LISTS),
    *(path(f"{key}/<id:pk>/", records.record, {"key": key}, name=name) for name, key in PAGES.items()),
    *(
        path(f"{key}/<id:pk>/fetch/", fetching.record_fetch, {"key": key}, name=f"{name}_fetch")
        for name, key in PAGES.items()
    ),
]
