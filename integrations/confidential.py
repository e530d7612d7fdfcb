"""An adapter whose credentials stay its own, whatever the remote system answers.

Everything that uses a connection gets its adapter from here (``services.opening``). While a call is under way, whatever is redacted
loses the connection's secrets; and what leaves the call, as an answer or as an error, loses them once more where it is words: reports
of tests, what was refused, what was said. Records are the remote's data and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import msgspec

from foundation.core.known_secrets import KnownSecrets, remembered, working_with
from integrations.errors import IntegrationError
from integrations.port import (
    EVERYTHING,
    Adapter,
    Budget,
    Checkpoint,
    CustomField,
    Metered,
    Observer,
    Page,
    ProbeReport,
    Provider,
    ReadRequest,
    Scope,
    StreamSpec,
    Usage,
)
from integrations.records import Record

SECRET_KINDS = frozenset({"key", "secret"})
"""Credentials that are never shown; the others (an address, a company's name) are."""
NOT_WORDS = frozenset({"fingerprint"})
"""What is compared and not read: blotting would make another of it."""

T = TypeVar("T")


def secrets_of(provider: Provider, credentials: Mapping[str, str]) -> KnownSecrets:
    """What of the credentials must not be seen."""
    kinds = {field.name: field.kind for field in provider.credential_fields}
    return remembered(value for name, value in credentials.items() if kinds.get(name) in SECRET_KINDS)


def confidential(adapter: Adapter, secrets: KnownSecrets) -> Adapter:
    """The adapter, keeping its secrets."""
    kind = ConfidentialMetered if isinstance(adapter, Metered) else Confidential
    return kind(adapter, secrets)


class Confidential:
    """See ``integrations.port.Adapter``."""

    def __init__(self, adapter: Adapter, secrets: KnownSecrets) -> None:
        self._adapter: Any = adapter
        self._secrets = secrets
        self.streams: Sequence[StreamSpec] = adapter.streams
        self.budget: Budget = adapter.budget

    def probe(self) -> ProbeReport:
        with self._kept():
            return without(self._secrets, self._adapter.probe())

    def fingerprint(self) -> str:
        with self._kept():
            return str(self._adapter.fingerprint())

    def count(self, request: ReadRequest) -> int | None:
        with self._kept():
            counted: int | None = self._adapter.count(request)
        return counted

    def read_page(self, request: ReadRequest, checkpoint: Checkpoint | None = None) -> Page:
        with self._kept():
            return self._page(self._adapter.read_page(request, checkpoint))

    def read_children(self, stream: str, parent_id: str, scope: Scope = EVERYTHING) -> Page:
        with self._kept():
            return self._page(self._adapter.read_children(stream, parent_id, scope))

    def read_one(self, stream: str, remote_id: str, scope: Scope = EVERYTHING) -> Record:
        with self._kept():
            found: Record = self._adapter.read_one(stream, remote_id, scope)
        return found

    def in_scope(self, record: Record, scope: Scope) -> bool:
        # Asked once a record, and asks the remote nothing.
        return bool(self._adapter.in_scope(record, scope))

    def custom_fields(self) -> Sequence[CustomField]:
        with self._kept():
            found: Sequence[CustomField] = self._adapter.custom_fields()
        return found

    def page_url(self, stream: str, remote_id: str) -> str:
        with self._kept():
            return str(self._adapter.page_url(stream, remote_id))

    def close(self) -> None:
        self._adapter.close()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        try:
            with working_with(self._secrets):
                yield
        except IntegrationError as err:
            blot(self._secrets, err)
            raise

    def _page(self, page: Page) -> Page:
        """The page: all but its records and its place is words."""
        words = {name: getattr(page, name) for name in page.__struct_fields__ if name not in {"records", "next"}}
        return msgspec.structs.replace(page, **without(self._secrets, words))


class ConfidentialMetered(Confidential):
    """See ``integrations.port.Metered``."""

    def usage(self) -> Usage:
        with self._kept():
            told: Usage = self._adapter.usage()
        return told


class ConfidentialObserver:
    """Tells of requests without the secrets that may stand in their paths."""

    def __init__(self, observer: Observer, secrets: KnownSecrets) -> None:
        self._observer = observer
        self._secrets = secrets

    def request_made(self, *, method: str, path: str, status: int | None, seconds: float, size: int) -> None:
        path = self._secrets.blotted(path)
        self._observer.request_made(method=method, path=path, status=status, seconds=seconds, size=size)


def blot(secrets: KnownSecrets, error: BaseException) -> None:
    """Takes the secrets out of an error and of those that led to it."""
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        following.args = without(secrets, following.args)
        if isinstance(following, IntegrationError):
            vars(following).update(without(secrets, vars(following)))
        following = following.__cause__ or following.__context__


def without(secrets: KnownSecrets, value: T) -> T:
    """The same value; every text in it, however deep, without the secrets."""
    found: Any = value
    if isinstance(value, str):
        found = secrets.blotted(value)
    elif isinstance(value, msgspec.Struct):
        kept = {name: getattr(value, name) for name in value.__struct_fields__ if name not in NOT_WORDS}
        found = msgspec.structs.replace(value, **without(secrets, kept)) if kept else value
    elif isinstance(value, dict):
        found = {key: without(secrets, item) for key, item in value.items()}
    elif isinstance(value, list | tuple):
        found = type(value)(without(secrets, item) for item in value)
    return cast(T, found)
