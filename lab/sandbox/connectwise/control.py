"""The control interface of this PSA: its rights, its instance, and what is really there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from lab.sandbox.clock import written
from lab.sandbox.connectwise import control_actions, listing, replies, routes
from lab.sandbox.connectwise.endpoints import MODULES
from lab.sandbox.connectwise.listing import Filter, Source
from lab.sandbox.connectwise.pages import LARGEST_PAGE
from lab.sandbox.connectwise.psa import Identity, Psa, Role
from lab.sandbox.control_api import DEFAULT_KNOCK, ControlApi, typed
from lab.sandbox.orders import Order
from lab.sandbox.reply import Reply, refusal
from lab.sandbox.request import Request


class RoleChange(msgspec.Struct, forbid_unknown_fields=True):
    denied: set[str] = msgspec.field(default_factory=set)
    hidden_boards: set[int] = msgspec.field(default_factory=set)


class InstanceChange(msgspec.Struct, forbid_unknown_fields=True):
    identity: str | None = None
    company_name: str | None = None
    company_id: str | None = None
    site_url: str | None = None
    codebase: str | None = None
    region: str | None = None
    touch_ticket_on_note: bool | None = None
    public_key: str | None = None
    private_key: str | None = None


class Control(ControlApi):
    """The door, and what it steers."""

    def __init__(self, psa: Psa, token: str = DEFAULT_KNOCK) -> None:
        super().__init__(psa.seed, psa.clock, psa.lock, replies.ErrorBodies(), token)
        self.psa = psa
        self.doors |= {
            ("POST", "role"): self._set_role,
            ("POST", "instance"): self._set_instance,
            ("GET", "truth"): self._truth,
        }

    def serve(self, request: Request) -> Reply:
        return routes.answer(self.psa, request)

    def template(self, request: Request) -> str:
        return routes.template_of(routes.api_path(request.path) or request.path)[0]

    def announcement(self) -> dict[str, str]:
        given = self.psa.credentials
        return {name: getattr(given, name) for name in ("company_id", "public_key", "private_key", "client_id")}

    def deed(self, name: str) -> Callable[[Request], Any] | None:
        known = control_actions.DEEDS.get(name)
        return None if known is None else lambda request: known(self.psa, typed(request, Order))

    def deed_names(self) -> list[str]:
        return list(control_actions.DEEDS)

    def largest_page(self, rows: int | None) -> None:
        self.psa.largest_page = rows or LARGEST_PAGE

    def restore(self) -> None:
        self.psa.restore()

    def _set_role(self, request: Request) -> dict[str, Any]:
        change = typed(request, RoleChange)
        if unknown := {name.removesuffix(":write") for name in change.denied} - set(MODULES):
            raise refusal(400, "InvalidRequest", f"{', '.join(sorted(unknown))}: the modules are {', '.join(MODULES)}.")
        self.psa.role = Role(change.denied, change.hidden_boards)
        return {"denied": sorted(change.denied), "hidden_boards": sorted(change.hidden_boards)}

    def _set_instance(self, request: Request) -> Identity:
        change, identity = typed(request, InstanceChange), self.psa.identity
        if change.identity is not None:
            identity.company_name = f"{change.identity.title()} MSP"
            identity.company_id = change.identity
            identity.site_url = f"{change.identity}.example"
        for name in ("company_name", "company_id", "site_url", "codebase", "region", "touch_ticket_on_note"):
            if (value := getattr(change, name)) is not None:
                setattr(identity, name, value)
        self.psa.credentials.public_key = change.public_key or self.psa.credentials.public_key
        self.psa.credentials.private_key = change.private_key or self.psa.credentials.private_key
        return identity

    def _truth(self, request: Request) -> dict[str, Any]:
        """What is really there, whatever the role, faults and limits show; ``records``: with what each holds."""
        name = request.query.get("collection", "tickets")
        source = Source(self.psa.unrestricted(), _known(self.psa, name))
        collection = source.collection
        slots = list(listing.matching(source, Filter(request.query.get("conditions", ""))))
        digest = hashlib.sha256()
        for slot in slots:
            digest.update(collection.encoded(slot) + b"\n")
        latest = max((collection.stamp(slot) for slot in slots), default=0)
        found: dict[str, Any] = {"collection": name, "count": len(slots), "digest": digest.hexdigest()}
        found["last_updated"] = written(latest) if latest else None
        if request.query.get("records"):
            found["records"] = [collection.record(slot) for slot in slots]
        return found | {"ids": [collection.ids[slot] for slot in slots]}


def _known(psa: Psa, name: str) -> str:
    if name not in psa.collections:
        raise refusal(400, "InvalidRequest", f"The collections are {', '.join(sorted(psa.collections))}.")
    return name
