"""manage.py connection create|configure|list|test|capabilities|delete|schedule|change"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from foundation.tenancy.scope import tenant_transaction
from integrations import registry
from integrations.capabilities import capabilities_document
from integrations.commands import ConnectionCommand
from integrations.errors import IntegrationError
from integrations.models import Connection
from integrations.port import CredentialsInvalid, ProbeReport
from integrations.selectors import connection_whole
from integrations.services.choices import check_choices, check_first_choices
from integrations.services.connections import connection_configure, connection_create, connection_test
from integrations.services.probing import (
    connection_catalog_read,
    connection_tested,
    credentials_probe,
    reason_and_action,
    usable,
)
from integrations.settings_schema import readable_settings
from sync.management import connection_answers as answers
from sync.management.connection_change import change_step
from sync.management.connection_input import credentials_from, json_file, settings_for
from sync.management.connection_parsers import add_actions
from sync.models import Schedule
from sync.selectors.overview import connection_card, connection_cards
from sync.selectors.resync_impact import live_counts
from sync.services.removal import connection_remove
from sync.services.schedules import ScheduleInvalid, schedule_of, schedule_pause, schedule_resume, schedule_update


class Command(ConnectionCommand):
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
            "change": self._change,
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
                    fingerprint=report.fingerprint,
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
        with self.in_connection(options) as (connection, slug):
            given = json_file(options["settings_file"])
            stored = msgspec.to_builtins(readable_settings(connection))
            wanted = settings_for(connection.provider, {**stored, **given}, given)
            check_choices(connection=connection, settings=wanted)
            connection_configure(connection=connection, settings=wanted, chosen=given)
            self._answer_one(connection.pk, slug)

    def _list(self, options: dict[str, Any]) -> None:
        found: list[dict[str, Any]] = []
        for organization_id, slug in self.organizations(options["organization"]):
            with tenant_transaction(organization_id):
                found += [answers.connection_answer(card, slug) for card in connection_cards(timezone.now())]
        lines = [line for answer in found for line in answers.connection_lines(answer)]
        self.answer(found, lines or ["No connection yet."])

    def _test(self, options: dict[str, Any]) -> int:
        with self.in_connection(options) as (connection, _):
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
            with self.in_connection(options) as (connection, _):
                found = answers.capabilities_answer(registry.provider(connection.provider))
                found |= {"connection": connection.pk, "product": connection.product, "version": connection.version}
            self.answer(found, answers.capability_lines(found))
            return
        wanted = [registry.provider(options["provider"])] if options["provider"] else registry.providers()
        all_found = [answers.capabilities_answer(provider) for provider in wanted]
        lines = [line for found in all_found for line in answers.capability_lines(found)]
        self.answer(all_found[0] if options["provider"] else all_found, lines)

    def _delete(self, options: dict[str, Any]) -> None:
        with self.in_connection(options) as (connection, _):
            require_sure(connection, options)
            connection_remove(connection=connection, actor=None)
        self.answer(
            {"deleted": connection.pk, "name": connection.name}, [f"Removed {connection.name} and all that was synced."]
        )

    def _schedule(self, options: dict[str, Any]) -> None:
        with self.in_connection(options) as (connection, _), tenant_transaction():
            schedule = changed_schedule(connection, options)
            found = answers.schedule_answer(schedule)
        self.answer(found, answers.schedule_lines(found))

    def _change(self, options: dict[str, Any]) -> int | None:
        with self.in_connection(options) as (connection, _):
            return change_step(self, connection, options)


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
