"""The web application."""

import os

from django.core.asgi import get_asgi_application

from portal.tenancy.app_role import verify_at_start
from portal.web.proxies import refuse_unnamed_proxies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
application = get_asgi_application()
refuse_unnamed_proxies()
verify_at_start()
