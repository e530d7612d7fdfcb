"""manage.py mapping list|set|suggest|history|revert"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.management.base import CommandError, CommandParser

from foundation.tenancy.commands import json_option, organization_option
from foundation.tenancy.scope import tenant_transaction
from integrations.commands import ConnectionCommand
from integrations.models import Connection
from mappings.kinds import KINDS, Kind, kind_of_slug
from mappings.models import MappingAct
from mappings.selectors.history import act_get, mapping_history
from mappings.selectors.page import PageFilter, ValueRow, value_page
from mappings.selectors.remote import remote_names, suggested
from mappings.selectors.targets import candidates, target_names
from mappings.services import MappingChange, mapping_revert, mappings_set, suggestions_accept
from mappings.services.changing import KEEP
from mappings.services.values import values_prepare
from mappings.suggestions import NEW, folded


class Command(ConnectionCommand):
    help = "Maps the values of a PSA to the organization's own: lists, sets, proposes, and takes back."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|set|suggest|history|revert")
        listed = actions.add_parser("list", help="what each value is mapped to, what is not mapped first")
        listed.add_argument("--state", choices=["mapped", "unmapped"], help="only these")
        listed.add_argument("--board", default="", metavar="REMOTE_ID", help="as it is on this board")
        chosen = actions.add_parser("set", help="map one value")
        chosen.add_argument("--value", required=True, metavar="REMOTE_ID", help="the value's id in the PSA")
        chosen.add_argument(
            "--board", default="", metavar="REMOTE_ID", help="for this board alone, of what boards share"
        )
        target = chosen.add_mutually_exclusive_group(required=True)
        target.add_argument("--to", metavar="NAME", help="a value or client by its name, a person by name or email")
        target.add_argument("--new", action="store_true", help="make a value or client of the PSA's own name")
        target.add_argument("--keep", action="store_true", help="leave it as the PSA has it")
        target.add_argument("--clear", action="store_true", help="take the mapping away")
        proposed = actions.add_parser("suggest", help="what is proposed for what is not mapped, and why")
        proposed.add_argument("--accept", action="store_true", help="map all that is proposed")
        history = actions.add_parser("history", help="what was changed, the newest first")
        history.add_argument("--limit", type=int, default=20)
        revert = actions.add_parser("revert", help="bring back what stood before a change")
        revert.add_argument("--act", type=int, required=True, metavar="ID", help="as `mapping history` names it")
        for name, each in actions.choices.items():
            each.add_argument("--connection", type=int, required=True, metavar="ID")
            if name != "revert":
                each.add_argument("--kind", required=name in ("set", "suggest"), metavar="|".join(KINDS))
            organization_option(each, required=False)
            json_option(each)

    def run(self, options: dict[str, Any]) -> None:
        with self.in_connection(options) as (connection, _), tenant_transaction():
            values_prepare()
            getattr(self, f"_{options['action']}")(connection, options)

    def _list(self, connection: Connection, options: dict[str, Any]) -> None:
        kinds = [kind_named(options["kind"])] if options["kind"] else list(KINDS.values())
        wanted = PageFilter(state=options["state"] or "", board=options["board"])
        found = [row_answer(kind, row) for kind in kinds for row in every_row(connection, kind, wanted)]
        self.answer(found, [row_line(answer) for answer in found] or ["Nothing is here to be mapped."])

    def _set(self, connection: Connection, options: dict[str, Any]) -> None:
        kind = kind_named(options["kind"])
        target = NEW if options["new"] else KEEP if options["keep"] else None
        wanted = MappingChange(
            options["value"], target_named(kind, options["to"]) if options["to"] else target, scope=options["board"]
        )
        self._done(mappings_set(connection=connection, kind=kind, wanted=[wanted]))

    def _suggest(self, connection: Connection, options: dict[str, Any]) -> None:
        kind = kind_named(options["kind"])
        if options["accept"]:
            self._done(suggestions_accept(connection=connection, kind=kind))
            return
        proposed = suggested(connection, kind)
        names = remote_names(connection, kind, proposed)
        targets = target_names(kind.target, [one.target for one in proposed.values() if isinstance(one.target, int)])
        found = [
            {
                "kind": kind.key,
                "value": remote_id,
                "name": names[remote_id].name,
                "to": targets[one.target] if isinstance(one.target, int) else None,
                "new": one.target == NEW,
                "reason": one.reason,
            }
            for remote_id, one in proposed.items()
            if remote_id in names
        ]
        lines = [f"{a['value']:>8}  {a['name']}  →  {a['to'] or 'new'}  ({a['reason']})" for a in found]
        self.answer(
            found, lines or [f"Nothing is proposed: all {kind.many} are mapped, or nothing speaks for anything."]
        )

    def _history(self, connection: Connection, options: dict[str, Any]) -> None:
        kind = kind_named(options["kind"]) if options["kind"] else None
        page = mapping_history(connection, kind, size=max(1, options["limit"]))
        found = [act_answer(shown.act) for shown in page.acts]
        lines = [f"{a['act']:>6}  {a['at']:%Y-%m-%d %H:%M}  {a['how']:<9}  {a['count']:>6} {a['kind']}" for a in found]
        self.answer(found, lines or ["Nothing was changed yet."])

    def _revert(self, connection: Connection, options: dict[str, Any]) -> None:
        try:
            act = act_get(connection, options["act"])
        except MappingAct.DoesNotExist as err:
            raise CommandError(
                f"There is no change {options['act']} on this connection. `manage.py mapping history` shows them."
            ) from err
        self._done(mapping_revert(act=act))

    def _done(self, act: MappingAct | None) -> None:
        if act is None:
            self.answer({"changed": 0}, ["Nothing was changed: it stands so already."])
            return
        kind = KINDS[act.kind]
        answer = act_answer(act) | {"changed": act.count}
        self.answer(answer, [f"Changed {act.count:,} {kind.one if act.count == 1 else kind.many}: change {act.pk}."])


def kind_named(text: str) -> Kind:
    """The kind, in the singular or the plural. Raises CommandError."""
    kind = kind_of_slug(text)
    if kind is None:
        raise CommandError(f"“{text}” is not mapped. Kinds are {', '.join(KINDS)}.")
    return kind


def target_named(kind: Kind, text: str) -> int:
    """The id of the target with this name, or of the person with this email address. Raises CommandError."""
    found = candidates(kind)
    matches = [one.id for one in found if folded(text) in (folded(one.email), folded(one.name))]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise CommandError(f"{len(matches)} are called “{text}”. Name the person by email address.")
    known = ", ".join(one.name for one in found[:20])
    raise CommandError(f"There is nothing called “{text}” to map a {kind.one} to. There is: {known or 'nothing yet'}.")


def every_row(connection: Connection, kind: Kind, wanted: PageFilter) -> Iterator[ValueRow]:
    """All values that meet the filter, page by page."""
    page = value_page(connection, kind, wanted)
    yield from page.rows
    for number in range(2, page.pages + 1):
        yield from value_page(connection, kind, wanted, number).rows


def row_answer(kind: Kind, row: ValueRow) -> dict[str, Any]:
    """One value. ``to`` is None where it is not mapped, and where it is left as it is, which ``mapped`` tells apart."""
    return {
        "kind": kind.key,
        "value": row.remote_id,
        "name": row.name,
        "about": row.about,
        "board_alone": row.scope or None,
        "mapped": row.mapping is not None,
        "to": row.target_name or None,
        "how": row.mapping.how if row.mapping else None,
        "reason": row.mapping.reason if row.mapping else None,
        "open_tickets": row.open,
        "all_tickets": row.every,
    }


def row_line(answer: dict[str, Any]) -> str:
    """The same for people."""
    to = answer["to"] or ("left as it is" if answer["mapped"] else "NOT MAPPED")
    about = f" ({answer['about']})" if answer["about"] else ""
    return (
        f"{answer['kind']:<9} {answer['value']:>8}  {answer['name']}{about}  →  {to}  [{answer['open_tickets']:,} open]"
    )


def act_answer(act: MappingAct) -> dict[str, Any]:
    """One change."""
    return {
        "act": act.pk,
        "kind": act.kind,
        "how": act.how,
        "count": act.count,
        "at": act.at,
        "by": act.by.email if act.by else None,
        "reverts": act.reverts_id,
    }
