"""How mappings are spoken of."""

from __future__ import annotations

from mappings.kinds import KINDS, Kind
from mappings.models import MappingAct, MappingChange
from mappings.vocabulary import TONES

ABOUT = {
    "status": "Each board has statuses of its own. Mapped ones are called the same on all boards and connections, in lists and filters.",
    "priority": "What each priority of the PSA is called here.",
    "category": "Ticket types of the PSA. Mapped ones are called the same on all boards and connections.",
    "field": "Fields of tickets that the PSA's owner defined, as the PSA last listed them. Mapped ones are shown under the name that they have here.",
    "company": "Companies of several connections, or of an old and a new PSA, may be the same client.",
    "member": "Who the people of the PSA are here. Equal email addresses are mapped by themselves.",
}
TARGETS = {"value": "value", "client": "client", "user": "person"}
TONE_WORDS = {
    "neutral": "Grey",
    "info": "Blue",
    "running": "Blue, moving on",
    "ok": "Green",
    "warn": "Amber",
    "bad": "Red",
}
TONE_CHOICES = [(tone, TONE_WORDS[tone]) for tone in TONES]


def counted(kind: Kind, number: int) -> str:
    """ "1 status", "3 statuses"."""
    return f"{number:,} {kind.one if number == 1 else kind.many}"


def act_words(act: MappingAct) -> str:
    """What an act did, in a line."""
    what = counted(KINDS[act.kind], act.count)
    if act.how == MappingAct.How.AUTOMATIC:
        return f"Mapped {what} automatically"
    if act.how == MappingAct.How.FORGOTTEN:
        return f"Forgot {what}: the connection leads to another instance"
    who = str(act.by) if act.by else "The command line"
    if act.how == MappingAct.How.REVERT:
        return f"{who} took back a change of {what}"
    return f"{who} changed {what}"


def side_words(snapshot: dict[str, object] | None) -> str:
    """One side of a change: the target's name, or that there is none."""
    if snapshot is None:
        return "not mapped"
    return str(snapshot.get("name") or "left as it is")


def line_words(change: MappingChange) -> tuple[str, str, str]:
    """(the PSA's word, before, after)."""
    return change.label or change.remote_id, side_words(change.before), side_words(change.after)
