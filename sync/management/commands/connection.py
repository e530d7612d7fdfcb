"""manage.py connection create|configure|list|test|capabilities|delete|schedule"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from integrations import registry
from integrations.capabilities import capabilities_document
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.port import CredentialsInvalid, ProbeReport
from integrations.selectors import connection_home, connection_whole
from integrations.services.choices import check_choices, check_first_choices
from integrations.services.connections import connection_configure, connection_create, connection_test
from integrations.services.probing import (
    connection_catalog_read,
    connection_tested,
    credentials_probe,
    reason_and_action,
    usable,
)
from integrations.settings_schema import ConnectionSettings, check_safeguards, settings_from
from portal.tenancy.commands import OperatorCommand
from portal.tenancy.scope import tenant, tenant_transaction
from portal.tenancy.selectors import organization_list
from sync.management import connection_answers as answers
from sync.management.connection_parsers import add_actions
from sync.models import Schedule
from sync.selectors.clearance import live_counts
from sync.selectors.overview import connection_card, connection_cards
from sync.services.removal import connection_remove
from sync.services.schedules import ScheduleInvalid, schedule_of, schedule_pause, schedule_resume, schedule_update


class Command(OperatorCommand):
    help = "Connects systems, tests them, says what to sync and when, and removes them."

    def add_arguments(self, parser: CommandParser) -> None:
        add_actions(parser)

    def run(self, options: dict[str, Any]) -> int | None:
        action = {
            "create": self._create,
            "configure": self._configure,
            "list": self._list,
            "test": self._test,
            "capabilities": self._capabilities,
            "delete": self._delete,
            "schedule": self._schedule,
        }[options["action"]]
        try:
            return action(options)
        except (CredentialsInvalid, registry.UnknownProvider, ScheduleInvalid) as err:
            raise CommandError(str(err)) from err

    def _create(self, options: dict[str, Any]) -> None:
        provider = registry.provider(options["provider"])
        with self.in_organization(options["organization"]) as organization_id:
            credentials = credentials_from(json_file(options["credentials_file"]), provider.key)
            given = json_file(options["settings_file"]) if options["settings_file"] else {}
            wanted = settings_for(provider.key, given, given)
            report = credentials_probe(provider.key, credentials)
            if not usable(report.checks):
                raise CommandError(f"Nothing was made. {reason_and_action(report.checks)}")
            check_first_choices(provider=provider.key, credentials=credentials, settings=wanted)
            with tenant_transaction():
                made = connection_create(
                    organization_id=organization_id,
                    provider=provider.key,
                    name=options["name"],
                    credentials=credentials,
                    settings=wanted,
                )
                connection_tested(connection=made, report=report)
                schedule_of(made)
            with suppress(IntegrationError):  # the settings pages can ask again
                connection_catalog_read(connection=made)
            self._answer_one(made.pk, options["organization"], report)

    def _answer_one(self, connection_id: int, organization: str, report: ProbeReport | None = None) -> None:
        with tenant_transaction():
            card = connection_card(connection_whole(connection_id), timezone.now())
        answer = answers.connection_answer(card, organization)
        lines = list(answers.connection_lines(answer))
        if report is not None:
            answer["checks"] = answers.checks_answer(report.checks)
            lines += answers.check_lines(report.checks)
        self.answer(answer, lines)

    def _configure(self, options: dict[str, Any]) -> None:
        with self._connection(options) as (connection, slug):
            given = json_file(options["settings_file"])
            wanted = settings_for(connection.provider, {**connection.settings, **given}, given)
            check_choices(connection=connection, settings=wanted)
            connection_configure(connection=connection, settings=wanted)
            self._answer_one(connection.pk, slug)

    def _list(self, options: dict[str, Any]) -> None:
        found: list[dict[str, Any]] = []
        for organization_id, slug in self._organizations(options["organization"]):
            with tenant_transaction(organization_id):
                found += [answers.connection_answer(card, slug) for card in connection_cards(timezone.now())]
        lines = [line for answer in found for line in answers.connection_lines(answer)]
        self.answer(found, lines or ["No connection yet."])

    def _test(self, options: dict[str, Any]) -> int:
        with self._connection(options) as (connection, _):
            report = connection_test(connection=connection)
        checks = answers.checks_answer(report.checks)
        self.answer(
            {"connection": connection.pk, "ok": report.ok, "checks": checks}, answers.check_lines(report.checks)
        )
        return 0 if report.ok else 1

    def _capabilities(self, options: dict[str, Any]) -> None:
        if options["markdown"]:
            self.stdout.write(capabilities_document(registry.providers()), ending="")
            return
        if options["connection"] is not None:
            with self._connection(options) as (connection, _):
                found = answers.capabilities_answer(registry.provider(connection.provider))
                found |= {"connection": connection.pk, "product": connection.product, "version": connection.version}
            self.answer(found, answers.capability_lines(found))
            return
        wanted = [registry.provider(options["provider"])] if options["provider"] else registry.providers()
        all_found = [answers.capabilities_answer(provider) for provider in wanted]
        lines = [line for found in all_found for line in answers.capability_lines(found)]
        self.answer(all_found[0] if options["provider"] else all_found, lines)

    def _delete(self, options: dict[str, Any]) -> None:
        with self._connection(options) as (connection, _):
            require_sure(connection, options)
            connection_remove(connection=connection, actor=None)
        self.answer(
            {"deleted": connection.pk, "name": connection.name}, [f"Removed {connection.name} and all that was synced."]
        )

    def _schedule(self, options: dict[str, Any]) -> None:
        with self._connection(options) as (connection, _), tenant_transaction():
            schedule = changed_schedule(connection, options)
            found = answers.schedule_answer(schedule)
        self.answer(found, answers.schedule_lines(found))

    @contextmanager
    def _connection(self, options: dict[str, Any]) -> Iterator[tuple[Connection, str]]:
        """The connection in the scope of its organization, and that organization's slug."""
        home = connection_home(options["connection"])
        slugs = dict(self._organizations(options["organization"])) if home is not None else {}
        if home is None or home not in slugs:
            where = f" in {options['organization']}" if options["organization"] else ""
            raise CommandError(
                f"There is no connection {options['connection']}{where}. `manage.py connection list` shows them."
            )
        with tenant(home):
            with tenant_transaction():
                connection = connection_whole(options["connection"])
            yield connection, slugs[home]

    def _organizations(self, slug: str | None) -> list[tuple[int, str]]:
        if slug is None:
            return [(organization.pk, organization.slug) for organization in organization_list()]
        with self.in_organization(slug) as organization_id:
            return [(organization_id, slug)]


def require_sure(connection: Connection, options: dict[str, Any]) -> None:
    """Removing is asked for twice: by --yes, or by the name. Raises CommandError that says what would go."""
    if options["confirm"] is not None and options["confirm"] != connection.name:
        raise CommandError(f"The connection is called “{connection.name}”; --confirm must say exactly that.")
    if options["confirm"] is None and not options["yes"]:
        with tenant_transaction():
            rows = sum(count for _, count in live_counts(connection))
        raise CommandError(
            f"This removes “{connection.name}” with {rows:,} records and all history that came through it. Nothing was removed. "
            "Add --yes to do it."
        )


def json_file(path: str) -> dict[str, Any]:
    """The JSON object in a file, or on standard input for "-". Raises CommandError with a sentence."""
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
        values = json.loads(text)
    except OSError as err:
        raise CommandError(f"{path} can't be read: {err.strerror}. Check the name and the rights.") from err
    except UnicodeDecodeError as err:
        raise CommandError(f"{path} is not text in UTF-8. Save it as UTF-8.") from err
    except json.JSONDecodeError as err:
        # The text itself stays out of the message: it may be credentials.
        raise CommandError(f"{path} is not JSON: line {err.lineno}, column {err.colno}.") from err
    if not isinstance(values, dict):
        raise CommandError(f"{path} must hold one JSON object, such as {{…}}.")
    return values


def credentials_from(values: dict[str, Any], provider: str) -> dict[str, str]:
    """Checked credentials. Raises CommandError with every missing and unknown key."""
    known = registry.provider(provider)
    names = [field.name for field in known.credential_fields]
    wrong = sorted(name for name, value in values.items() if not isinstance(value, str))
    if wrong:
        raise CommandError(f"Credentials are texts; {', '.join(wrong)} is not.")
    cleaned: dict[str, str] = {}
    problems: list[str] = []
    try:
        cleaned = known.clean_credentials(values)
    except CredentialsInvalid as err:
        problems += [f"{name}: {sentence}" for name, sentence in err.errors.items()]
    unknown = sorted(set(values) - {*names, *cleaned})
    if unknown:
        problems.append(f"{known.name} has no {', '.join(unknown)}.")
    if problems:
        raise CommandError(" ".join([*problems, f"The keys are {', '.join(names)}."]))
    return cleaned


def settings_for(provider: str, values: dict[str, Any], given: Collection[str]) -> ConnectionSettings:
    """Checked settings. ``given``: those that are named now. Raises SettingsInvalid."""
    wanted = settings_from(values, streams=tuple(spec.name for spec in registry.provider(provider).streams))
    if "hold_second_percent" in given:
        check_safeguards(wanted)
    return wanted


def changed_schedule(connection: Connection, options: dict[str, Any]) -> Schedule:
    """The schedule after what the options ask for."""
    schedule = schedule_of(connection)
    names = ("quick_minutes", "nightly_at", "window_minutes", "nightly_kind", "full_every")
    values = {name: options[name] for name in names if options[name] is not None}
    if options["nightly"]:
        values["nightly_on"] = options["nightly"] == "on"
    if values:
        schedule = schedule_update(schedule=schedule, actor=None, **values)
    if options["pause"]:
        return schedule_pause(schedule=schedule, actor=None)
    return schedule_resume(schedule=schedule, actor=None) if options["resume"] else schedule
