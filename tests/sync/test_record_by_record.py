"""After a first full sync every field of every record of all streams is what the PSA holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from integrations.registry import provider
from sync.streams import TARGETS
from tests.integrations.adapters.sandboxes import Sandbox, running
from tests.sync.conftest import Sync, linked_to
from tests.sync.truth import autotask, connectwise, halo
from tests.sync.truth.rules import Json, Truth, World, as_stored, comparable, expected, model_of

TRUTHS: dict[str, dict[str, Truth]] = {
    "connectwise": connectwise.TRUTH,
    "halo": halo.TRUTH,
    "autotask": autotask.TRUTH,
}


@pytest.fixture(params=sorted(TRUTHS))
def system(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with running(request.param, tickets=60, projects=True) as started:
        yield started


@pytest.fixture
def linked(organization: Organization, system: Sandbox) -> Connection:
    """What ``sync`` of this directory's conftest works on."""
    return linked_to(organization, system, notes_rotation=1000)


@pytest.mark.parametrize("key", sorted(TRUTHS))
def test_every_column_of_every_stream_is_compared_or_named_with_a_reason(key: str) -> None:
    streams = {spec.name for spec in provider(key).streams}
    assert TRUTHS[key].keys() == streams
    for stream, truth in TRUTHS[key].items():
        said = [*truth.columns(), *truth.apart]
        assert sorted(said) == sorted(TARGETS[stream].names), stream
        assert all(truth.apart.values())


def test_every_field_of_every_record_is_what_the_psa_holds(sync: Sync, system: Sandbox, linked: Connection) -> None:
    run = sync("full")
    assert (run.state, run.result) == ("done", "success"), run.message
    world, wrong, seen = World(system), Counter[str](), dict[str, str]()
    for stream, truth in TRUTHS[system.key].items():
        held = {truth.name(row): row for row in truth.records(world)}
        here = stored(linked, stream)
        if held.keys() != here.keys():
            seen[stream] = f"{sorted(held.keys() ^ here.keys())[:5]} are on one side alone"
        assert held, f"the sandbox has no {stream}"
        for remote_id in held.keys() & here.keys():
            for column, due, found in differences(stream, truth, held[remote_id], here[remote_id], world):
                wrong[f"{stream}.{column}"] += 1
                seen.setdefault(f"{stream}.{column}", f"{remote_id}: {found!r} is not {due!r}")
    assert {key: f"{said} ({wrong[key]})" for key, said in seen.items()} == {}


def differences(stream: str, truth: Truth, row: Json, here: Json, world: World) -> Iterator[tuple[str, Any, Any]]:
    for column, rule in truth.columns().items():
        due = comparable(as_stored(model_of(stream)._meta.get_field(column), expected(rule, row, world)))
        found = comparable(shown(column, here[column]))
        if due != found:
            yield column, due, found


def shown(column: str, value: Any) -> Any:
    """What a person sees of structures: a field's caption and value, a line's words and sum."""
    if column == "custom_fields":
        return {key: (one["caption"], one["value"]) for key, one in value.items()}
    if column == "lines":
        return [(one["description"], float(one["total"])) for one in value]
    return value


def stored(connection: Connection, stream: str) -> dict[str, Json]:
    with tenant_transaction(connection.organization_id):
        rows = model_of(stream)._default_manager.filter(connection=connection, removed_at=None)
        return {row["remote_id"]: row for row in rows.values("remote_id", *TARGETS[stream].names)}
