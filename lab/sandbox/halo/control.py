"""The control interface of this PSA: its rights, its instance and tokens, and what is really there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from lab.sandbox.control_api import DEFAULT_KNOCK, ControlApi, typed
from lab.sandbox.halo import control_actions, routes
from lab.sandbox.halo.error_bodies import ErrorBodies
from lab.sandbox.halo.lists import MOST_COUNTED as LARGEST_PAGE
from lab.sandbox.halo.psa import Identity, Psa, Role
from lab.sandbox.halo.routes import AUTH, MODULES
from lab.sandbox.orders import Order
from lab.sandbox.reply import Reply, refusal
from lab.sandbox.request import Request


class RoleChange(msgspec.Struct, forbid_unknown_fields=True):
    denied: set[str] = msgspec.field(default_factory=set)


class InstanceChange(msgspec.Struct, forbid_unknown_fields=True):
    """``void_tokens``: all that were given out, at once."""

    identity: str | None = None
    client_secret: str | None = None
    token_seconds: int | None = None
    one_token: bool | None = None
    stays_closed: bool | None = None
    void_tokens: bool = False


class Control(ControlApi):
    """The door, and what it steers."""

    def __init__(self, psa: Psa, token: str = DEFAULT_KNOCK) -> None:
        super().__init__(psa.seed, psa.clock, psa.lock, ErrorBodies(), token)
        self.psa = psa
        self.doors |= {
            ("POST", "role"): self._set_role,
            ("POST", "instance"): self._set_instance,
            ("GET", "truth"): self._truth,
        }

    def serve(self, request: Request) -> Reply:
        return routes.answer(self.psa, request)

    def template(self, request: Request) -> str:
        return routes.template_of(request.path)

    def announcement(self) -> dict[str, str]:
        given = self.psa.credentials
        return {
            "auth_address": self.address + AUTH.rstrip("/"),
            "tenant": given.tenant,
            "client_id": given.client_id,
            "client_secret": given.client_secret,
        }

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
        if unknown := change.denied - set(MODULES):
            raise refusal(400, "InvalidRequest", f"{', '.join(sorted(unknown))}: the modules are {', '.join(MODULES)}.")
        self.psa.role = Role(change.denied)
        return {"denied": sorted(change.denied)}

    def _set_instance(self, request: Request) -> Identity:
        change, identity = typed(request, InstanceChange), self.psa.identity
        if change.identity is not None:
            identity.tenant_id = change.identity
            identity.agent_url = f"https://{change.identity}.halopsa.com"
        if change.token_seconds is not None:
            identity.token_seconds = change.token_seconds
        for name in ("one_token", "stays_closed"):
            if (value := getattr(change, name)) is not None:
                setattr(identity, name, value)
        if change.void_tokens:
            self.psa.tokens.clear()
        self.psa.credentials.client_secret = change.client_secret or self.psa.credentials.client_secret
        return identity

    def _truth(self, request: Request) -> dict[str, Any]:
        """What is really there, whatever the role, faults and limits show; ``records``: with what each holds."""
        name = request.query.get("collection", "tickets")
        if name not in self.psa.collections:
            raise refusal(400, "InvalidRequest", f"The collections are {', '.join(sorted(self.psa.collections))}.")
        collection = self.psa[name]
        slots, digest = list(collection.slots()), hashlib.sha256()
        for slot in slots:
            digest.update(collection.encoded(slot) + b"\n")
        found = {"collection": name, "count": len(slots), "digest": digest.hexdigest()}
        if request.query.get("records"):
            found["records"] = [collection.record(slot) for slot in slots]
        return found | {"ids": [collection.ids[slot] for slot in slots]}
