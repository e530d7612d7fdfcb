"""A request is one tenant transaction."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import TypeVar

from django.core.cache import cache
from django.db import transaction
from django.http import HttpResponseBase
from django.urls import Resolver404, resolve
from structlog.contextvars import bind_contextvars

from foundation.core.errors import Refused
from foundation.core.redaction import without_links
from foundation.tenancy.access import Access, access_of
from foundation.tenancy.origin import acting
from foundation.tenancy.scope import tenant, tenant_transaction
from foundation.tenancy.services.audit import audit_record
from portal.web import errors
from portal.web.client_address import page_origin
from portal.web.request import IncomingRequest
from portal.web.throttle import seconds_to_wait

V = TypeVar("V", bound=Callable[..., object])
SESSION_KEY = "organization"
REFUSAL_SECONDS = 600
"""The same refusal of the same person is written once in this time: a page that polls would fill the audit."""


def waits_on_network(view: V) -> V:
    """Marks a view that calls a remote system: it gets a tenant scope and opens its own short transactions. People press it so often a
    minute as ``portal.web.throttle`` lets them.
    """
    vars(view)["waits_on_network"] = True
    return view


class TenantRequest:
    """Sets ``request.access`` and ``request.organization``, and runs the view inside the tenant's transaction.

    The transaction is rolled back on any status of 400 or more: Django has turned an exception into a response by then.
    What has to outlive a refusal is written by services that commit apart, as ``_record_refusal`` does.
    A streamed body is read after it has ended, and so opens its own (``tenant_transaction(request.organization.…)``).
    """

    def __init__(self, get_response: Callable[[IncomingRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: IncomingRequest) -> HttpResponseBase:
        request.access = Access()
        request.organization = None
        with acting(page_origin(request)):
            if not request.user.is_authenticated:
                return self.get_response(request)
            wanted = request.session.get(SESSION_KEY, request.user.last_organization_id)
            request.access = access_of(request.user.pk, wanted)
            request.organization = request.access.membership
            if request.organization is None:
                return self.get_response(request)
            bind_contextvars(organization=request.organization.organization_id)
            response = self._answer(request, request.organization.organization_id)
            if response.status_code == 403:
                self._record_refusal(request, request.organization.organization_id)
            return response

    def _answer(self, request: IncomingRequest, organization_id: int) -> HttpResponseBase:
        if self._waits(request):
            if request.method == "POST" and (seconds := seconds_to_wait(request.user.pk or 0)):
                return errors.too_many(request, seconds)
            with tenant(organization_id):
                return self.get_response(request)
        with tenant_transaction(organization_id):
            response = self.get_response(request)
            if response.status_code >= 400:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: IncomingRequest, exception: Exception) -> HttpResponseBase | None:
        """A rule that says no where the page did not expect it: its sentence, instead of a fault of ours."""
        return errors.refused(request, exception) if isinstance(exception, Refused) else None

    @staticmethod
    def _record_refusal(request: IncomingRequest, organization_id: int) -> None:
        """In a transaction of its own: what the request did before it was refused is not its business."""
        page = f"{request.method} {without_links(request.path)[:300]}"
        digest = sha256(page.encode()).hexdigest()
        if not cache.add(f"refused:{organization_id}:{request.user.pk}:{digest}", 1, REFUSAL_SECONDS):
            return
        with tenant_transaction(organization_id):
            audit_record(action="access.refused", changes={"page": [None, page]})

    @staticmethod
    def _waits(request: IncomingRequest) -> bool:
        try:
            return bool(getattr(resolve(request.path_info).func, "waits_on_network", False))
        except Resolver404:
            return False
