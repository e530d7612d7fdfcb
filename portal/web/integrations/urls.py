"""Addresses of this area."""

from django.urls import path

from portal.web.integrations import change, credentials, handling, overview, safeguards, schedule, setup, tickets

urlpatterns = [
    path("", overview.integrations, name="integrations"),
    path("new/<slug:provider>/", setup.connection_new, name="connection_new"),
    path("<int:pk>/", overview.connection, name="connection"),
    path("<int:pk>/setup/<slug:step>/", setup.connection_configure, name="connection_configure"),
    path("<int:pk>/test/", overview.connection_test, name="connection_test"),
    path("<int:pk>/rename/", overview.connection_rename, name="connection_rename"),
    path("<int:pk>/remove/", overview.connection_remove, name="connection_remove"),
    path("<int:pk>/tickets/", tickets.connection_tickets, name="connection_tickets"),
    path("<int:pk>/choices/", tickets.connection_choices, name="connection_choices"),
    path("<int:pk>/schedule/", schedule.connection_schedule, name="connection_schedule"),
    path("<int:pk>/schedule/pause/", schedule.connection_pause, name="connection_pause"),
    path("<int:pk>/safeguards/", safeguards.connection_safeguards, name="connection_safeguards"),
    path("<int:pk>/change/", change.connection_change, name="connection_change"),
    path("<int:pk>/change/export.zip", change.connection_export, name="connection_export"),
    path("<int:pk>/handling/", handling.connection_handling, name="connection_handling"),
    path("<int:pk>/credentials/", credentials.connection_credentials, name="connection_credentials"),
]
