"""Companies of other types or statuses are left out, with all that is of them."""

from __future__ import annotations

from typing import Any

import pytest

from clients.models import Agreement, Asset, Company, Contact, Site
from foundation.core.errors import Refused
from foundation.tenancy.scope import tenant, tenant_transaction
from integrations.models import Connection
from integrations.services.choices import check_choices
from integrations.services.connections import connection_configure
from integrations.services.probing import connection_catalog_read, connection_scope_count
from integrations.settings_schema import ConnectionSettings, SettingsInvalid, settings_from, settings_of
from sync.engine.scope.excluded_companies import scope_now
from sync.models import OutsideCompany, PreviewRecord, Run
from sync.selectors.settings_impact import SettingsImpact, settings_effects
from sync.services.missing_ticket_diagnosis import ticket_absence
from sync.services.previews import preview_request
from sync.services.replay import record_replay
from sync.services.verdicts import Verdict
from tests.fixtures.systems import Sandbox
from tests.sync.conftest import Sync, Synced
from tests.sync.test_previews import LOOSE, work_on
from tickets.models import Ticket


@pytest.fixture
def linked(linked: Connection) -> Connection:
    """With all streams: what is of a company is in most of them."""
    linked.settings = {**linked.settings, "streams": None}
    with tenant_transaction(linked.organization_id):
        linked.save()
    return linked


def choose(connection: Connection, **values: Any) -> Connection:
    """The connection with other settings, nothing held."""
    with tenant_transaction(connection.organization_id):
        Connection.objects.filter(pk=connection.pk).update(settings=LOOSE | {"streams": None} | values)
        return Connection.objects.get(pk=connection.pk)


def statuses_of(connection: Connection) -> dict[str, list[str]]:
    """{status: companies in it} of the companies that are here, the status of most companies first."""
    with tenant_transaction(connection.organization_id):
        found: dict[str, list[str]] = {}
        for status, remote_id in Company.objects.values_list("status_remote_id", "remote_id"):
            found.setdefault(status, []).append(remote_id)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def types_of(connection: Connection) -> dict[str, list[str]]:
    """{type: companies of it}, the type of most companies first."""
    with tenant_transaction(connection.organization_id):
        found: dict[str, list[str]] = {}
        for types, remote_id in Company.objects.values_list("type_remote_ids", "remote_id"):
            for one in types:
                found.setdefault(one, []).append(remote_id)
    return dict(sorted(found.items(), key=lambda pair: -len(pair[1])))


def foreign(connection: Connection, wanted: list[str]) -> dict[str, int]:
    """How many live records are of companies that are not among ``wanted``."""
    with tenant_transaction(connection.organization_id):
        of = {
            model.__name__: model.objects.exclude(company_remote_id=None)
            .exclude(company_remote_id="")
            .exclude(company_remote_id__in=wanted)
            .count()
            for model in (Ticket, Contact, Asset, Agreement, Site)
        }
        return of | {"Company": Company.objects.exclude(remote_id__in=wanted).count()}


def here(connection: Connection) -> dict[str, int]:
    with tenant_transaction(connection.organization_id):
        return {model.__name__: model.objects.count() for model in (Ticket, Contact, Asset, Agreement, Site, Company)}


NOTHING = dict.fromkeys(("Ticket", "Contact", "Asset", "Agreement", "Site", "Company"), 0)


@pytest.mark.parametrize("by", ["status", "type"])
def test_a_full_sync_takes_them_away_with_all_that_is_of_them_and_brings_them_back(
    sync: Sync, synced: Synced, linked: Connection, by: str
) -> None:
    synced()
    before = here(linked)
    groups = statuses_of(linked) if by == "status" else types_of(linked)
    one = min(groups, key=lambda group: len(groups[group]))
    name = "company_statuses" if by == "status" else "company_types"
    assert all(value > 0 for key, value in foreign(linked, groups[one]).items())
    choose(linked, **{name: [one]})
    run = sync("full")
    assert run.state == "done", run.message
    assert foreign(linked, groups[one]) == NOTHING
    with tenant_transaction(linked.organization_id):
        assert set(OutsideCompany.objects.values_list("remote_id", flat=True)).isdisjoint(groups[one])
        assert Company.objects.count() + OutsideCompany.objects.count() == before["Company"]
    assert sync("full").result == "no_change"
    choose(linked)
    assert sync("full").state == "done"
    assert here(linked) == before
    with tenant_transaction(linked.organization_id):
        assert not OutsideCompany.objects.exists()


def test_a_first_sync_leaves_them_out_from_the_beginning(linked: Connection, sync: Sync, calm: Sandbox) -> None:
    with tenant(linked.organization_id):
        catalog = connection_catalog_read(connection=linked)
    assert catalog.company_statuses
    assert catalog.company_types
    wanted = catalog.company_statuses[0].remote_id
    choose(linked, company_statuses=[wanted])
    run = sync("full")
    assert (run.lands_live, run.state) == (True, "done"), run.message
    assert set(statuses_of(linked)) == {wanted}
    assert foreign(linked, statuses_of(linked)[wanted]) == NOTHING
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.count() < 300
        assert OutsideCompany.objects.exists()


def test_it_needs_nobodys_approval_for_the_settings_explain_it(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    one = list(statuses_of(linked))[-1]
    strict = {"hold_least": 0, "hold_percent": 0, "hold_company_percent": 1}
    choose(linked, **strict, company_statuses=[one])
    run = sync("full")
    assert run.state == "done", run.message


def test_a_quick_sync_leaves_out_what_changed_of_them(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    groups = statuses_of(linked)
    most, *others = groups
    choose(linked, company_statuses=[most])
    sync("full")
    with tenant_transaction(linked.organization_id):
        gone = Ticket.with_removed.filter(company_remote_id__in=[c for g in others for c in groups[g]]).order_by("pk")
        theirs = gone.first()
        mine = Ticket.objects.order_by("pk").first()
    assert theirs is not None
    assert mine is not None
    calm.control("change", ids=[int(theirs.remote_id), int(mine.remote_id)], set={"summary": "Changed there"})
    sync("quick")
    with tenant_transaction(linked.organization_id):
        assert Ticket.objects.get(pk=mine.pk).summary == "Changed there"
        assert not Ticket.objects.filter(pk=theirs.pk).exists()


def test_a_company_that_changes_its_status_leaves_at_the_next_quick_sync_and_its_tickets_as_they_change(
    sync: Sync, synced: Synced, calm: Sandbox, linked: Connection
) -> None:
    synced()
    groups = statuses_of(linked)
    most, *others = groups
    choose(linked, company_statuses=[most])
    sync("full")
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.exclude(company=None).order_by("pk")[0]
        company = ticket.company_remote_id
    status = {"status": {"id": int(others[0])}}
    calm.control("change", collection="companies", ids=[int(company or 0)], set=status)
    calm.control("change", ids=[int(ticket.remote_id)], set={"summary": "Changed there"})
    assert sync("quick").state == "done"
    with tenant_transaction(linked.organization_id):
        assert not Company.objects.filter(remote_id=company).exists()
        assert not Ticket.objects.filter(pk=ticket.pk).exists()
    calm.control("change", collection="companies", ids=[int(company or 0)], set={"status": {"id": int(most)}})
    calm.control("change", ids=[int(ticket.remote_id)], set={"summary": "Changed again"})
    assert sync("quick").state == "done"
    with tenant_transaction(linked.organization_id):
        assert Company.objects.filter(remote_id=company).exists()
        assert Ticket.objects.get(pk=ticket.pk).summary == "Changed again"
    assert sync("full").state == "done"


def test_what_a_change_hides_and_adds_is_told_before(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    groups = statuses_of(linked)
    least = list(groups)[-1]
    wanted = ConnectionSettings(date_range_days=None, company_statuses=[least])
    with tenant_transaction(linked.organization_id):
        connection = Connection.objects.get(pk=linked.pk)
        effects = settings_effects(connection, wanted)
        theirs = Ticket.objects.exclude(company_remote_id__in=groups[least])
        assert effects.leaving == effects.other_companies == theirs.count() > 0
        assert effects.companies == theirs.values("company_remote_id").distinct().count()
        outside = sorted(company for status in groups if status != least for company in groups[status])
        assert sorted(effects.outside) == outside
        others = dict(effects.with_companies)
        assert others["companies"] == len(outside)
        assert others["contacts"] == Contact.objects.filter(company_remote_id__in=outside).count()
        assert "tickets" not in others
    with tenant(linked.organization_id):
        counted = connection_scope_count(connection=connection, settings=wanted, outside=effects.outside)
        assert counted == effects.staying
        assert connection_scope_count(connection=connection, settings=wanted, outside=["1"] * 2001) is None
    narrowed = choose(linked, company_statuses=[least])
    sync("full")
    with tenant_transaction(linked.organization_id):
        back = settings_effects(narrowed, ConnectionSettings(date_range_days=None))
        assert (back.hides, back.outside) == (False, ())
        same = settings_effects(narrowed, wanted)
        assert (same.hides, sorted(same.outside)) == (False, outside)
    with tenant(linked.organization_id):
        all_of_them = connection_scope_count(connection=narrowed, settings=ConnectionSettings(date_range_days=None))
    assert all_of_them == 300
    assert all_of_them - back.staying == effects.leaving


def test_the_present_settings_have_no_company_effects(linked: Connection) -> None:
    with tenant_transaction(linked.organization_id):
        assert settings_effects(linked, settings_of(linked)) == SettingsImpact(0, 0, 0, 0, 0)


def test_why_a_ticket_is_missing_names_the_company_and_its_status_or_type(
    sync: Sync, synced: Synced, linked: Connection
) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.exclude(company=None).select_related("company").order_by("pk")[0]
        company = ticket.company
    assert company is not None
    others = [status for status in statuses_of(linked) if status != company.status_remote_id]
    narrowed = choose(linked, company_statuses=others)
    verdict = asked(narrowed, ticket.remote_id)
    assert (verdict.code, verdict.ticket_id) == ("here_leaving", ticket.pk)
    sync("full")
    verdict = asked(narrowed, ticket.remote_id)
    assert (verdict.code, verdict.way) == ("company_status", "settings")
    assert verdict.said == (
        f"It is of the company “{company.name}”, which is left out. Its status “{company.status_name}” is not synced."
    )
    types = [one for one in types_of_psa(linked) if one not in company.type_remote_ids]
    narrowed = choose(linked, company_types=types)
    assert asked(narrowed, ticket.remote_id).code == "company_type"
    with tenant(linked.organization_id), pytest.raises(Refused):
        record_replay(connection=narrowed, stream="companies", remote_id=company.remote_id)


def types_of_psa(connection: Connection) -> list[str]:
    with tenant(connection.organization_id):
        return [choice.remote_id for choice in connection_catalog_read(connection=connection).company_types or ()]


def asked(connection: Connection, text: str) -> Verdict:
    with tenant(connection.organization_id):
        return ticket_absence(connection=connection, text=text)


def test_a_ticket_of_one_is_not_fetched_alone(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        ticket = Ticket.objects.exclude(company=None).select_related("company").order_by("pk")[0]
    others = [status for status in statuses_of(linked) if ticket.company and status != ticket.company.status_remote_id]
    narrowed = choose(linked, company_statuses=others)
    assert ticket.company_remote_id in scope_now(narrowed).outside_company_ids
    sync("full")
    with tenant(linked.organization_id), pytest.raises(Refused, match="leave this record out"):
        record_replay(connection=narrowed, stream="tickets", remote_id=ticket.remote_id)


def test_a_preview_says_that_the_settings_take_them(synced: Synced, linked: Connection) -> None:
    synced()
    groups = statuses_of(linked)
    least = list(groups)[-1]
    narrowed = choose(linked, company_statuses=[least])
    with tenant_transaction(linked.organization_id):
        run = preview_request(connection=narrowed, kind=Run.Kind.FULL, trigger="person").run
    run = work_on(run)
    assert run.state == "done", run.message
    with tenant_transaction(linked.organization_id):
        removed = PreviewRecord.objects.filter(run=run, action="removed")
        for stream in ("tickets", "companies", "contacts", "assets", "agreements"):
            assert set(removed.filter(stream=stream).values_list("reason", flat=True)) == {"outside of the settings"}
        assert removed.filter(stream="sites").exists()
        assert not OutsideCompany.objects.exists()


def test_types_and_statuses_that_the_psa_does_not_have_are_refused(linked: Connection) -> None:
    wanted = ConnectionSettings(company_types=["999999"], company_statuses=["888888"], company_fields=["777777"])
    with tenant(linked.organization_id), pytest.raises(SettingsInvalid) as caught:
        check_choices(connection=linked, settings=wanted)
    errors = caught.value.errors
    assert errors["company_types"].startswith("company_types: the PSA has no company type 999999. It shows this key")
    assert errors["company_statuses"].startswith("company_statuses: the PSA has no company status 888888.")
    assert errors["company_fields"].startswith("company_fields: the PSA has no custom field of companies 777777.")


def test_a_system_without_types_or_statuses_of_companies_says_so(linked: Connection) -> None:
    with tenant_transaction(linked.organization_id):
        Connection.objects.filter(pk=linked.pk).update(provider="halo")
        halo = Connection.objects.get(pk=linked.pk)
    with tenant(linked.organization_id), pytest.raises(SettingsInvalid) as caught:
        check_choices(connection=halo, settings=ConnectionSettings(company_types=["1"]))
    assert caught.value.errors == {
        "company_types": "company_types: HaloPSA has no types of companies. Leave it out, or null for all."
    }


def test_custom_fields_of_companies_are_kept_as_chosen(sync: Sync, synced: Synced, linked: Connection) -> None:
    synced()
    with tenant_transaction(linked.organization_id):
        kept = {name for fields in Company.objects.values_list("custom_fields", flat=True) for name in fields}
    one = min(kept)
    connection = choose(linked)
    with tenant(linked.organization_id):
        wanted = ConnectionSettings(date_range_days=None, hold_least=1_000_000, company_fields=[one])
        connection_configure(connection=connection, settings=wanted)
    assert sync("full").state == "done"
    with tenant_transaction(linked.organization_id):
        left = {name for fields in Company.objects.values_list("custom_fields", flat=True) for name in fields}
    assert left == {one}


def test_custom_fields_of_other_records_are_kept_as_chosen_and_come_back(
    sync: Sync, synced: Synced, linked: Connection
) -> None:
    models = {"asset_fields": Asset, "contact_fields": Contact, "agreement_fields": Agreement}

    def kept() -> dict[str, set[str]]:
        with tenant_transaction(linked.organization_id):
            stored = {name: model.objects.values_list("custom_fields", flat=True) for name, model in models.items()}
            return {name: {key for fields in rows for key in fields} for name, rows in stored.items()}

    synced()
    before = kept()
    assert all(before.values())
    chosen = {name: [min(keys)] for name, keys in before.items()} | {"agreement_fields": []}
    for settings, expected in ((chosen, {name: set(keys) for name, keys in chosen.items()}), ({}, before)):
        with tenant(linked.organization_id):
            wanted = settings_from({"date_range_days": None, "hold_least": 1_000_000, **settings})
            connection_configure(connection=choose(linked), settings=wanted)
        assert sync("full").state == "done"
        assert kept() == expected
