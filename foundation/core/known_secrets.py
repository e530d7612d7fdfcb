"""Secrets that are known, found in text whatever way somebody wrote them.

A remote system that is asked with credentials may send them back in an error, a page or a record: as they are, in capitals, escaped
for an address, for JSON or for HTML, in base64 alone or within a longer whole, in hexadecimal. All of it is blotted out.
"""

from __future__ import annotations

import base64
import re
import threading
from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property

HIDDEN = "•••"
SHORTEST = 4
"""A shorter one would blot out words that are no secret."""
SHORTEST_CODED = 8
LONGEST = 2000
HEAD = 64
"""Of a longer secret, such as a token of a thousand characters, so many are looked for, and what follows them without a break goes too:
expressions for each of its characters would take half a second to make, with every new token."""
REST = r"[^\s\"'<>,]*"
TOKEN = re.compile(r"[\w.~+/=-]*", re.ASCII)
"""What has no character at which a longer whole would seem to end, however it is escaped."""
LEARNT = 8
"""So many tokens of a connection are remembered."""
RECENT = 16
"""So many sets of secrets are remembered for the logs."""
ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}


class KnownSecrets:
    """The secrets of one connection; more may be learnt while it is used, such as tokens."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._given = frozenset(s for s in secrets if SHORTEST <= len(s) <= LONGEST)
        self._learnt: deque[str] = deque(maxlen=LEARNT)
        self._secrets = self._given
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._secrets)

    def learn(self, secret: str) -> None:
        """Another secret from now on."""
        with self._lock:
            if SHORTEST <= len(secret) <= LONGEST and secret not in self._secrets:
                self._learnt.append(secret)
                self._secrets = self._given | frozenset(self._learnt)
                vars(self).pop("_pattern", None)

    def blotted(self, text: str, limit: int | None = None) -> str:
        """The text without the secrets, of at most ``limit`` characters of the original: a secret across its end goes as a whole."""
        if not self._secrets or len(text) < min(map(len, self._secrets)):
            return text if limit is None else text[:limit]
        end = len(text) if limit is None else limit
        kept: list[str] = []
        at = 0
        for found in self._pattern.finditer(text, 0, end + self._reach):
            if found.start() >= end:
                break
            kept += [text[at : found.start()], HIDDEN]
            at = found.end()
        return "".join(kept) + text[at:end]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        found = dict.fromkeys(
            form for secret in sorted(self._secrets, key=len, reverse=True) for form in forms_of(secret)
        )
        return re.compile("|".join(found), re.IGNORECASE)

    @property
    def _reach(self) -> int:
        """How many characters the longest secret may take, escaped."""
        return 12 * max(len(secret) for secret in self._secrets)


def forms_of(secret: str) -> list[str]:
    """Expressions for each way in which a secret may be written."""
    if len(secret) > HEAD and TOKEN.fullmatch(secret):
        return [form + REST for form in forms_of(secret[:HEAD])]
    return [
        "".join(_any_spelling(sign) for sign in secret),
        *dict.fromkeys(form for raw in (secret.encode(),) for form in _in_base64(raw)),
        *([r"\s?".join(secret.encode().hex())] if len(secret) * 2 >= SHORTEST_CODED else []),
    ]


def _any_spelling(sign: str) -> str:
    """One character as it is, or escaped for an address, for JSON, for HTML or for a program's text."""
    code, octets = ord(sign), "".join(f"%(?:25){{0,4}}{octet:02x}" for octet in sign.encode())
    units = sign.encode("utf-16-be").hex()
    utf16 = "".join(rf"\\{{1,8}}u{units[place : place + 4]}" for place in range(0, len(units), 4))
    spelt = [
        re.escape(sign),
        octets,
        utf16,
        f"&(?:amp;){{0,4}}#0{{0,4}}{code};",
        f"&(?:amp;){{0,4}}#x0{{0,4}}{code:x};",
    ]
    if code < 256:
        spelt.append(rf"\\{{1,8}}x{code:02x}")
    if sign in ENTITIES:
        spelt.append(f"&(?:amp;){{0,4}}{ENTITIES[sign]};")
    if sign == " ":
        spelt.append(r"\+|\s")
    # JSON escapes these by a backslash, which may then be escaped for HTML together with them, or escaped again.
    escaped = r"\\{0,8}" if sign in "\"'/\\" else ""
    return f"{escaped}(?:{'|'.join(spelt)})"


def _in_base64(raw: bytes) -> Iterator[str]:
    """The secret alone and within a longer whole: what of its letters does not hang on its neighbours, at each of three places."""
    for before in range(3):
        coded = base64.b64encode(bytes(before) + raw).decode().rstrip("=")
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        certain = coded[first:last]
        if len(certain) >= SHORTEST_CODED:
            for alphabet in (certain, certain.replace("+", "-").replace("/", "_")):
                yield r"[\w+/-]{0,2}" * bool(before) + r"\s?".join(map(re.escape, alphabet)) + r"[\w+/-]{0,2}={0,2}"


_current: ContextVar[KnownSecrets | None] = ContextVar("known_secrets", default=None)
_recent: OrderedDict[frozenset[str], KnownSecrets] = OrderedDict()
_recent_lock = threading.Lock()


@contextmanager
def working_with(secrets: KnownSecrets) -> Iterator[None]:
    """What is redacted inside loses these secrets."""
    token = _current.set(secrets)
    try:
        yield
    finally:
        _current.reset(token)


def current_secrets() -> KnownSecrets | None:
    """Those of the call under way."""
    return _current.get()


def remembered(secrets: Iterable[str]) -> KnownSecrets:
    """The known secrets of these values, remembered for the log of this process for a while after their use: what fails is often logged
    when the connection is closed already."""
    key = frozenset(secrets)
    with _recent_lock:
        known = _recent.pop(key, None) or KnownSecrets(key)
        _recent[key] = known
        while len(_recent) > RECENT:
            _recent.popitem(last=False)
    return known


def without_recent(text: str) -> str:
    """The text without the secrets that this process worked with lately. For logs, which no organization reads."""
    with _recent_lock:
        recent = list(_recent.values())
    for known in recent:
        text = known.blotted(text)
    return text
