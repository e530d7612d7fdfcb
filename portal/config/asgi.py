"""The web application."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

from foundation.tenancy.app_role import verify_at_start
from portal.config.entrance import Entrance, Limits
from portal.web.proxies import refuse_unnamed_proxies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
application = Entrance(
    get_asgi_application(),
    Limits(
        body=settings.REQUEST_BODY_BYTES,
        routes=settings.REQUEST_BODY_ROUTES,
        seconds=settings.REQUEST_BODY_SECONDS,
        idle_seconds=min(10, settings.REQUEST_BODY_SECONDS),
    ),
)
refuse_unnamed_proxies()
verify_at_start()
