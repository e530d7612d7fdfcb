"""How people come in and which organization they are in: addresses outside the settings."""

from django.urls import path

from portal.web.people import entry

urlpatterns = [
    path("invitation/<str:token>/", entry.invitation, name="invitation"),
    path("organization/switch/", entry.switch_organization, name="switch_organization"),
    path("organization/none/", entry.no_organization, name="no_organization"),
]
