"""The web application."""

import os

from django.core.asgi import get_asgi_application

from portal.tenancy.app_role import verify_at_start

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
application = get_asgi_application()
verify_at_start()
