"""Addresses of this area."""

from django.urls import path

from portal.web.integrations import change, credentials, handling, overview, safeguards, schedule, setup, tickets

urlpatterns = [
    path("", overview.integrations, name="integrations"),
    path("new/<slug:provider>/", setup.connection_new, name="connection_new"),
    path("<id:pk>/", overview.connection, name="connection"),
    path("<id:pk>/setup/<slug:step>/", setup.connection_configure, name="connection_configure"),
    path("<id:pk>/test/", overview.connection_test, name="connection_test"),
    path("<id:pk>/rename/", overview.connection_rename, name="connection_rename"),
    path("<id:pk>/remove/", overview.connection_remove, name="connection_remove"),
    path("<id:pk>/tickets/", tickets.connection_tickets, name="connection_tickets"),
    path("<id:pk>/choices/", tickets.connection_choices, name="connection_choices"),
    path("<id:pk>/schedule/", schedule.connection_schedule, name="connection_schedule"),
    path("<id:pk>/schedule/pause/", schedule.connection_pause, name="connection_pause"),
    path("<id:pk>/safeguards/", safeguards.connection_safeguards, name="connection_safeguards"),
    path("<id:pk>/change/", change.connection_change, name="connection_change"),
    path("<id:pk>/change/export.zip", change.connection_export, name="connection_export"),
    path("<id:pk>/handling/", handling.connection_handling, name="connection_handling"),
    path("<id:pk>/credentials/", credentials.connection_credentials, name="connection_credentials"),
]
