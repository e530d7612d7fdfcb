"""One settings module for the demo, the tests and production; what differs comes from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal.config import env
from portal.config.logs import logging_settings

ROOT = Path(__file__).resolve().parent.parent.parent

# -- security
DEBUG = env.boolean("DEBUG", False)
SECRET_KEY = env.required("SECRET_KEY", "signing sessions and links")
SECRET_KEY_FALLBACKS = env.listed("SECRET_KEY_FALLBACKS")
CREDENTIAL_KEYS = env.fernet_keys("CREDENTIAL_KEYS")
BASE_URL = os.environ.get("BASE_URL", "http://localhost:8000").rstrip("/")
if not BASE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured("BASE_URL must begin with http:// or https:// (the address that people type).")
HTTPS = BASE_URL.startswith("https://")
ALLOWED_HOSTS = env.listed("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = env.listed("CSRF_TRUSTED_ORIGINS", BASE_URL)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env.integer("SESSION_HOURS", 14 * 24, least=1) * 3600
SECURE_HSTS_SECONDS = env.integer("HSTS_SECONDS", 31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
BEHIND_PROXY = env.boolean("BEHIND_PROXY", False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
TRUSTED_PROXIES = env.listed("TRUSTED_PROXIES")
# What comes in at the entrance (portal.config.entrance); routes that take files name their own size.
REQUEST_BODY_BYTES = env.integer("REQUEST_BODY_BYTES", 1024 * 1024, least=16 * 1024)
REQUEST_BODY_SECONDS = env.integer("REQUEST_BODY_SECONDS", 30, least=1)
REQUEST_BODY_ROUTES: tuple[tuple[str, int], ...] = ()
REQUEST_HEADER_SECONDS = env.integer("REQUEST_HEADER_SECONDS", 20, least=1)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
OUTBOUND_ALLOWED_NETWORKS = env.listed("OUTBOUND_ALLOWED_NETWORKS")

# -- applications
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "django_celery_beat",
    "django_cotton",
    "django_htmx",
    "csp",
    "django_structlog",
    "foundation.tenancy",
    "foundation.ledger",
    "clients",
    "integrations",
    "tickets",
    "mappings",
    "sync",
    "portal.web",
    # Simulated PSAs, faults and benchmarks: an installation may go without.
    *(["lab"] if (ROOT / "lab").is_dir() else []),
]
MIDDLEWARE = [
    "portal.web.clean_request.CleanRequest",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "portal.web.privacy.PrivatePages",
    "portal.web.known_browser.KnownBrowsers",
    "portal.web.middleware.TenantRequest",
]
ROOT_URLCONF = "portal.config.urls"
ASGI_APPLICATION = "portal.config.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "django_cotton.cotton_loader.Loader",
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "builtins": ["django_cotton.templatetags.cotton", "portal.web.templatetags.portal_ui"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.web.context.shell",
            ],
        },
    }
]
COTTON_DIR = "components"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- data
DATABASE_ROLE = os.environ.get("PORTAL_DATABASE_ROLE", "app")
_app = env.database("DATABASE_URL", "the app role's connection to PostgreSQL")
DATABASE_APP_ROLE = _app["USER"]
if DATABASE_ROLE == "owner":
    DATABASES = {"default": env.database("DATABASE_OWNER_URL", "migrating and maintaining as the owner role")}
else:
    # A connection of the pool that a restart of the server has cut is found when it is taken, not by the page that asks with it.
    DATABASES = {"default": _app | {"CONN_HEALTH_CHECKS": True}}
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 0,
        "max_size": env.integer("DATABASE_POOL", 16, least=1),
        "timeout": 10,
        "max_idle": 60,
    }
DATABASE_OWNER = env.database("DATABASE_OWNER_URL", "maintenance") if os.environ.get("DATABASE_OWNER_URL") else None
REDIS = env.redis_server()
CACHES = {
    "default": {
        "BACKEND": "foundation.core.lenient_cache.LenientRedisCache",
        "LOCATION": [REDIS.cache],
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 5, **REDIS.tls},
        "KEY_PREFIX": "portal",
    }
}

# -- people
AUTH_USER_MODEL = "tenancy.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/account/login/"
ACCOUNT_ADAPTER = "portal.web.accounts.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_FORMS = {"reset_password": "portal.web.accounts.PasswordResetForm"}
# Wrong passwords are counted in PostgreSQL (foundation.tenancy.services.log_in_limits).
ACCOUNT_RATE_LIMITS = {"login_failed": None, "reset_password": "20/m/ip,5/m/key"}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
_email = env.env.email_url("EMAIL_URL", default="consolemail://")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_HOST = _email.get("EMAIL_HOST") or "localhost"
EMAIL_PORT = _email.get("EMAIL_PORT") or 25
EMAIL_HOST_USER = _email.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _email.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_TLS = bool(_email.get("EMAIL_USE_TLS"))
EMAIL_USE_SSL = bool(_email.get("EMAIL_USE_SSL"))
EMAIL_FILE_PATH = f"/{_email['EMAIL_FILE_PATH']}" if _email.get("EMAIL_FILE_PATH") else None
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "MSPortal <portal@localhost>")

# -- words, times, files
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static"]
# Only where files are collected: otherwise they are served from where they lie, and a missing directory is no fault.
_collected = env.boolean("STATIC_MANIFEST", False)
STATIC_ROOT = os.environ.get("STATIC_ROOT") or (str(ROOT / "staticfiles") if _collected else None)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    if _collected
    else {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = not _collected
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

# -- work: Celery is the doorbell, PostgreSQL the ledger
CELERY_BROKER_URL = REDIS.broker
CELERY_BROKER_USE_SSL = REDIS.tls or None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "interactive"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# The time-out must exceed the longest slice (SYNC_SLICE_SECONDS); the restore settings make a lost worker's
# unacknowledged messages come back within seconds of it instead of after kombu's default of ten sweeps.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 3,
    "socket_keepalive": True,
    "queue_order_strategy": "priority",
    "priority_steps": [0, 5, 9],
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
SYNC_SLICE_SECONDS = env.integer("SYNC_SLICE_SECONDS", 60, least=5)
SYNC_LEASE_SECONDS = env.integer("SYNC_LEASE_SECONDS", 15, least=4)
SYNC_SWEEP_SECONDS = env.integer("SYNC_SWEEP_SECONDS", 5, least=1)
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "sync.sweep", "schedule": SYNC_SWEEP_SECONDS, "options": {"expires": 30, "priority": 0}},
}

LOGGING = logging_settings(debug=DEBUG)
SILENCED_SYSTEM_CHECKS: list[str] = []
