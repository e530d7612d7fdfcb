"""New databases take the squashed migrations, installed ones go on with those that they replace: both must end alike."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from django.db import connection, migrations
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.migrations.state import ProjectState
from django.db.migrations.writer import MigrationWriter

from portal.tenancy.operations import Wall

Name = tuple[str, str]
LONG, SHORT = (MigrationLoader(None, replace_migrations=replaced) for replaced in (False, True))
SQUASHED = sorted(name for name, migration in LONG.disk_migrations.items() if migration.replaces)
OWN = sorted({app for app, _ in SQUASHED})


def plan(loader: MigrationLoader) -> list[migrations.Migration]:
    """All migrations, each after those that it depends on."""
    found: dict[Name, migrations.Migration] = {}
    for leaf in loader.graph.leaf_nodes():
        found |= {node: loader.graph.nodes[node] for node in loader.graph.forwards_plan(leaf)}
    return [migration for node, migration in found.items() if not (loader is LONG and node in SQUASHED)]


def declared(loader: MigrationLoader) -> dict[tuple[Any, ...], Any]:
    """What the walls declare, as the coverage command reads it: a later one of the same name counts."""
    walls = [o.declares for m in plan(loader) for o in m.operations if isinstance(o, Wall)]
    return {(type(wall), *(getattr(wall, f.name) for f in fields(wall)[:2])): wall for wall in walls}


def models(loader: MigrationLoader) -> dict[tuple[str, str], Any]:
    """Each model as migrations write it, its fields in the order of the table's columns."""
    state = ProjectState()
    for migration in plan(loader):
        state = migration.mutate_state(state, preserve=False)
    return {
        name: (
            [(field, MigrationWriter.serialize(value)[0]) for field, value in model.fields.items()],
            *(model.options, model.bases, model.managers),
        )
        for name, model in state.models.items()
    }


def test_every_app_with_migrations_of_its_own_has_one_squashed_migration() -> None:
    assert [app for app, _ in SQUASHED] == OWN
    assert OWN == ["clients", "integrations", "ledger", "mappings", "sync", "tenancy", "tickets"]


def test_both_ways_end_with_the_same_models_their_fields_in_the_same_order() -> None:
    assert models(SHORT) == models(LONG)


def test_both_ways_declare_the_same_walls() -> None:
    long = declared(LONG)
    assert declared(SHORT) == long
    assert len(long) > 100


@pytest.mark.parametrize("share", range(4))
def test_wherever_the_old_list_was_left_the_rest_follows_once(share: int, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [(migration.app_label, migration.name) for migration in plan(LONG)]
    assert len(names) > 100
    for count in range(share, len(names) + 1, 4):
        applied = {name: LONG.disk_migrations[name] for name in names[:count]}
        monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda self, applied=applied: dict(applied))
        executor = MigrationExecutor(connection)
        executor.loader.check_consistent_history(connection)
        left: list[Name] = []
        for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes()):
            left += migration.replaces or [(migration.app_label, migration.name)]
        assert sorted([*applied, *left]) == sorted(names)
