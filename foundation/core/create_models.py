"""A migration operation that makes many tables at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.operations.models import CreateModel
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Several models at once, which may refer to each other in any order.

    Django renders every related model anew after each operation, a tenth of a second where everything hangs on the organization.
    Here they are rendered once, when all are known.
    """

    reversible = True

    def __init__(self, models: Sequence[CreateModel]) -> None:
        self.models = tuple(models)

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """As Django writes it into a migration."""
        return type(self).__qualname__, [list(self.models)], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Adds the models; what was rendered is forgotten first, so that nothing is rendered until all are there."""
        vars(state).pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Makes the tables; foreign keys and indexes follow at the migration's end."""
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        """Drops the tables, the last one first."""
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """For people who read a plan."""
        return f"Create the models {', '.join(model.name for model in self.models)}"
