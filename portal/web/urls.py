"""The pages, by area. Names live in one namespace: ``web:…``."""

from django.urls import include, path

app_name = "web"
urlpatterns = [
    path("", include("portal.web.dashboard.urls")),
    path("tickets/", include("portal.web.tickets.urls")),
    path("clients/", include("portal.web.clients.urls")),
    path("sync/", include("portal.web.sync.urls")),
    path("settings/integrations/", include("portal.web.integrations.urls")),
    path("settings/integrations/", include("portal.web.mappings.urls")),
    path("settings/", include("portal.web.people.urls")),
    path("", include("portal.web.people.entry_urls")),
]
