"""A record fetched from the PSA again from its page: what was here before, and what is here after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant_transaction
from integrations.errors import IntegrationError
from portal.web.integrations.lookups import found_connection
from portal.web.request import PortalRequest
from portal.web.sync.missing_ticket import replayed_shown
from sync.selectors.readable import readable_streams
from sync.services.replay import record_replay


@dataclass(frozen=True, slots=True)
class Subject:
    """A record that has a page. ``one``: what it is, in the singular ("company"). ``crumbs``: (words, address) of the way to it,
    its own page last."""

    connection_id: int
    stream: str
    remote_id: str
    title: str
    one: str
    crumbs: Sequence[tuple[str, str]]


def fetched_page(request: PortalRequest, subject: Subject) -> HttpResponse:
    """Fetches the record with what it refers to, and shows what that changed. Outside a transaction: it waits on the network."""
    connection, shown, status = found_connection(subject.connection_id), {}, 200
    try:
        replayed = record_replay(connection=connection, stream=subject.stream, remote_id=subject.remote_id)
        shown = replayed_shown(replayed, readable_streams(request.access.can))
    except (IntegrationError, Refused) as err:
        shown, status = {"problem": err.sentence}, 409
    context: dict[str, Any] = {"subject": subject, "open": subject.crumbs[-1][1], **shown}
    with tenant_transaction():
        return render(request, "sync/fetched.html", context, status=status)
