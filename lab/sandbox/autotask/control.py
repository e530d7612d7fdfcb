"""The control interface of this PSA: its rights, its customer and zone, its hourly budget, and what is really there."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import msgspec

from lab.sandbox.autotask import control_actions, routes
from lab.sandbox.autotask.error_bodies import ErrorBodies
from lab.sandbox.autotask.psa import Identity, Psa, Role, Threshold
from lab.sandbox.autotask.routes import LARGEST_PAGE
from lab.sandbox.autotask.threads import Threads
from lab.sandbox.clock import written
from lab.sandbox.control_api import DEFAULT_KNOCK, ControlApi, typed
from lab.sandbox.reply import Reply, refusal
from lab.sandbox.request import Request


class RoleChange(msgspec.Struct, forbid_unknown_fields=True):
    denied: set[str] = msgspec.field(default_factory=set)
    hidden_boards: set[int] = msgspec.field(default_factory=set)


class InstanceChange(msgspec.Struct, forbid_unknown_fields=True):
    identity: str | None = None
    zone: int | None = None
    username: str | None = None
    secret: str | None = None
    integration_code: str | None = None


class UsageChange(msgspec.Struct, forbid_unknown_fields=True):
    used: int = 0
    limit: int = 10_000


class Control(ControlApi):
    """The door, and what it steers."""

    def __init__(self, psa: Psa, token: str = DEFAULT_KNOCK) -> None:
        errors = ErrorBodies()
        super().__init__(psa.seed, psa.clock, psa.lock, errors, token)
        self.psa = psa
        self.faults = Threads(psa, errors)
        self.doors |= {
            ("POST", "role"): self._set_role,
            ("POST", "instance"): self._set_instance,
            ("POST", "usage"): self._set_usage,
            ("GET", "truth"): self._truth,
        }

    def serve(self, request: Request) -> Reply:
        return routes.answer(self.psa, request)

    def template(self, request: Request) -> str:
        return routes.template_of(request.path)

    def announcement(self) -> dict[str, str]:
        given = self.psa.credentials
        return {name: getattr(given, name) for name in ("username", "secret", "integration_code")}

    def deed(self, name: str) -> Callable[[Request], Any] | None:
        known = control_actions.DEEDS.get(name)
        return None if known is None else lambda request: known(self.psa, typed(request, control_actions.Order))

    def deed_names(self) -> list[str]:
        return list(control_actions.DEEDS)

    def largest_page(self, rows: int | None) -> None:
        self.psa.largest_page = rows or LARGEST_PAGE

    def restore(self) -> None:
        self.psa.restore()

    def _set_role(self, request: Request) -> dict[str, Any]:
        change = typed(request, RoleChange)
        if unknown := change.denied - set(self.psa.collections):
            known = ", ".join(sorted(self.psa.collections))
            raise refusal(400, "InvalidRequest", f"{', '.join(sorted(unknown))}: the collections are {known}.")
        self.psa.role = Role(change.denied, change.hidden_boards)
        return {"denied": sorted(change.denied), "hidden_boards": sorted(change.hidden_boards)}

    def _set_instance(self, request: Request) -> Identity:
        change, identity = typed(request, InstanceChange), self.psa.identity
        identity.name = change.identity if change.identity is not None else identity.name
        identity.zone = change.zone if change.zone is not None else identity.zone
        for name in ("username", "secret", "integration_code"):
            if (value := getattr(change, name)) is not None:
                setattr(self.psa.credentials, name, value)
        return identity

    def _set_usage(self, request: Request) -> Threshold:
        change = typed(request, UsageChange)
        self.psa.threshold = Threshold(change.used, change.limit)
        return self.psa.threshold

    def _truth(self, request: Request) -> dict[str, Any]:
        """What is really there, whatever the role, faults and limits show; ``records``: with what each holds."""
        name = request.query.get("collection", "tickets")
        if name not in self.psa.collections:
            raise refusal(400, "InvalidRequest", f"The collections are {', '.join(sorted(self.psa.collections))}.")
        records = self.psa[name]
        slots, digest = list(records.slots()), hashlib.sha256()
        for slot in slots:
            digest.update(records.encoded(slot) + b"\n")
        latest = max((records.stamp(slot) for slot in slots), default=0)
        found: dict[str, Any] = {"collection": name, "count": len(slots), "digest": digest.hexdigest()}
        found["last_updated"] = written(latest) if latest else None
        if request.query.get("records"):
            found["records"] = [records.record(slot) for slot in slots]
        return found | {"ids": [records.ids[slot] for slot in slots]}
