"""Addresses of this area."""

from django.urls import path

from portal.web.mappings import history, page, values

urlpatterns = [
    path("values/<slug:slug>/", values.portal_values, name="portal_values"),
    path("<id:pk>/mappings/", page.first_kind, name="connection_mappings"),
    path("<id:pk>/mappings/<slug:slug>/", page.connection_mapping, name="connection_mapping"),
    path(
        "<id:pk>/mappings/<slug:slug>/history/", history.connection_mapping_history, name="connection_mapping_history"
    ),
    path(
        "<id:pk>/mappings/<slug:slug>/history/<id:act_id>/revert/",
        history.connection_mapping_revert,
        name="connection_mapping_revert",
    ),
]
