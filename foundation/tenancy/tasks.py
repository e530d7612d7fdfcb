"""The base of every Celery task that works for one organization, and the tasks of log-ins, which work for none."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task
from structlog.contextvars import bound_contextvars

from foundation.tenancy.scope import tenant
from foundation.tenancy.services.password_resets import password_resets_send


class TenantTask(Task):
    """Supplies a tenant scope, not a transaction: the work opens a short one per step. The first argument is the organization's id."""

    abstract = True

    def __call__(self, organization_id: int, *args: Any, **kwargs: Any) -> Any:
        with tenant(organization_id), bound_contextvars(organization=organization_id):
            return super().__call__(organization_id, *args, **kwargs)


@shared_task(name="tenancy.password_resets")
def send_password_resets() -> None:
    """Sends the links that were asked for."""
    password_resets_send()
