"""What a PSA's value probably means, and why. Pure: no database."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mappings.vocabulary import MEANINGS

SAME_NAME, SAME_EMAIL, SAME_SITE = "same name", "same email", "same website"
NEW = "new"
"""In place of a target's id: make one with the value's own name."""
LEGAL_FORMS = re.compile(
    r"inc|incorporated|llc|llp|lp|ltd|limited|plc|corp|corporation|company|gmbh|ag|kg|bv|nv|oy|ab|as|aps|sa|sarl|srl|spa|pty"
)
WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """``target``: the id of what is proposed, or "new". ``certain``: needs nobody to look at it."""

    target: int | str
    reason: str
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Remote:
    """A PSA's value as far as anything can be told from it. ``place``, ``places``: its rank in the PSA's order, from 0, and how many there
    are. ``twins``: how many values of the connection have this name."""

    name: str
    is_closed: bool = False
    is_default: bool = False
    place: int = 0
    places: int = 0
    email: str = ""
    website: str = ""
    twins: int = 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something to map to. ``name`` and ``key`` as of a portal value; ``email`` of a person, ``website`` of a client."""

    id: int
    name: str
    key: str = ""
    email: str = ""
    website: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """All targets of a kind, found by name, by plain name, by key, by email and by website. Where several share one, none is taken."""

    names: Mapping[str, int]
    plain: Mapping[str, int]
    keys: Mapping[str, Candidate]
    emails: Mapping[str, int]
    sites: Mapping[str, int]
    order: Sequence[Candidate] = ()


def candidates_of(found: Sequence[Candidate]) -> Candidates:
    """The targets, ready to be looked up for thousands of values."""
    return Candidates(
        names=_alone((folded(one.name), one.id) for one in found),
        plain=_alone((plain_name(one.name), one.id) for one in found),
        keys={one.key: one for one in found if one.key},
        emails=_alone((folded(one.email), one.id) for one in found),
        sites=_alone((domain_of(one.website), one.id) for one in found),
        order=found,
    )


def suggestion_for(kind: str, remote: Remote, among: Candidates) -> Suggestion | None:
    """What the value is proposed to be mapped to; None where nothing speaks for anything."""
    return RULES[kind](remote, among)


def _status(remote: Remote, among: Candidates) -> Suggestion | None:
    found = _by_name(remote, among) or _by_meaning("status", remote, among)
    if found is not None:
        return found
    if remote.is_closed:
        return _keyed(among, "closed", "closes tickets")
    return _keyed(among, "new", "the PSA's default") if remote.is_default else None


def _priority(remote: Remote, among: Candidates) -> Suggestion | None:
    found = _by_name(remote, among) or _by_meaning("priority", remote, among)
    if found is not None or remote.places != len(among.order) or not among.order:
        return found
    return Suggestion(among.order[remote.place].id, f"number {remote.place + 1} of {remote.places} in the PSA's order")


def _category(remote: Remote, among: Candidates) -> Suggestion | None:
    return _by_name(remote, among) or _by_meaning("category", remote, among)


def _field(remote: Remote, among: Candidates) -> Suggestion | None:
    return _by_name(remote, among) or Suggestion(NEW, "no portal field has this name")


def _company(remote: Remote, among: Candidates) -> Suggestion | None:
    found = among.names.get(folded(remote.name))
    if found is not None:
        return Suggestion(found, SAME_NAME, certain=remote.twins == 1)
    site = domain_of(remote.website)
    if site and site in among.sites:
        return Suggestion(among.sites[site], SAME_SITE)
    plain = plain_name(remote.name)
    if plain and plain in among.plain:
        return Suggestion(among.plain[plain], "same name but for spelling or legal form")
    return Suggestion(NEW, "no client has this name or website") if remote.twins == 1 and plain else None


def _member(remote: Remote, among: Candidates) -> Suggestion | None:
    if (found := among.emails.get(folded(remote.email))) is not None:
        return Suggestion(found, SAME_EMAIL, certain=True)
    found = among.names.get(folded(remote.name))
    return Suggestion(found, SAME_NAME) if found is not None else None


RULES = {
    "status": _status,
    "priority": _priority,
    "category": _category,
    "field": _field,
    "company": _company,
    "member": _member,
}


def _by_name(remote: Remote, among: Candidates) -> Suggestion | None:
    found = among.names.get(folded(remote.name))
    if found is not None:
        return Suggestion(found, SAME_NAME, certain=True)
    found = among.plain.get(plain_name(remote.name))
    return Suggestion(found, "same name but for spelling") if found is not None else None


def _by_meaning(kind: str, remote: Remote, among: Candidates) -> Suggestion | None:
    words = f" {' '.join(WORDS.findall(remote.name.casefold()))} "
    for key, meanings in MEANINGS[kind].items():
        said = next((word for word in meanings if f" {word} " in words), None)
        if said is not None and key in among.keys:
            return Suggestion(among.keys[key].id, f"its name says “{said}”")
    return None


def _keyed(among: Candidates, key: str, reason: str) -> Suggestion | None:
    return Suggestion(among.keys[key].id, reason) if key in among.keys else None


def _alone(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    """{what they go by: id}, without what is empty or shared by several."""
    found: dict[str, set[int]] = defaultdict(set)
    for text, row in pairs:
        found[text].add(row)
    return {text: next(iter(rows)) for text, rows in found.items() if text and len(rows) == 1}


def folded(text: str) -> str:
    """The text as names are compared: PostgreSQL's lower(btrim(…))."""
    return text.strip().lower()


def plain_name(text: str) -> str:
    """The words of a name without signs, and without the legal form of a company at its end."""
    words = WORDS.findall(text.casefold())
    while len(words) > 1 and LEGAL_FORMS.fullmatch(words[-1]):
        words.pop()
    return "".join(words)


def domain_of(website: str) -> str:
    """The host of a website without "www."; "" for none."""
    host = website.strip().lower().partition("://")[2] or website.strip().lower()
    host = re.split(r"[/?#:]", host, maxsplit=1)[0].removeprefix("www.")
    return host if "." in host else ""
