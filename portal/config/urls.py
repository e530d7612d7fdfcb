"""All addresses of the installation."""

from django.urls import include, path

from portal.web import errors, probes

urlpatterns = [
    path("", include("portal.web.urls")),
    path("account/", include("portal.web.account_urls")),
    path("healthz", probes.alive, name="healthz"),
    path("readyz", probes.ready, name="readyz"),
    path("styleguide/", include("portal.web.styleguide_urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
