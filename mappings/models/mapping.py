"""What a PSA's value means here, and every change of that."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from foundation.tenancy.models import TenantModel


def _person() -> Any:
    return models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )


def _connection() -> Any:
    return models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )


class Mapping(TenantModel):
    """One value of a connection and what it is mapped to. Without a target it is left as the PSA has it, which a person decided.

    ``record_id``: the local id of the row that mirrors the value, which never changes; empty for custom fields. ``scope``: the remote id of
    the only board that this holds for, where boards share the value; empty for all; ``board_id``: its local id. ``reason``: why it was proposed or done.
    """

    class How(models.TextChoices):
        AUTOMATIC = "automatic", "Automatic"
        PERSON = "person", "A person"

    connection = _connection()
    kind = models.CharField(max_length=12)
    remote_id = models.CharField(max_length=64)
    scope = models.CharField(max_length=64, blank=True)
    record_id = models.BigIntegerField(null=True)
    board_id = models.BigIntegerField(null=True)
    value = models.ForeignKey(
        "mappings.PortalValue", null=True, on_delete=models.RESTRICT, related_name="+", db_constraint=False
    )
    client = models.ForeignKey(
        "mappings.Client", null=True, on_delete=models.RESTRICT, related_name="+", db_constraint=False
    )
    user = models.ForeignKey("tenancy.User", null=True, on_delete=models.CASCADE, related_name="+")
    how = models.CharField(max_length=10, choices=How.choices)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()
    by = _person()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "kind", "remote_id", "scope"], name="mapping_once"),
            models.CheckConstraint(
                condition=Q(value=None, client=None) | Q(value=None, user=None) | Q(client=None, user=None),
                name="mapping_one_target",
            ),
        ]
        indexes = [models.Index(fields=["organization", "kind", "record_id"], name="mapping_of_record")]

    @property
    def target_id(self) -> int | None:
        """The id of what it is mapped to; None where it is left as it is."""
        return self.value_id or self.client_id or self.user_id


class MappingAct(TenantModel):
    """One press, one command or one run's automatic mapping: all changes of a kind that were made together.

    ``reverts``: the act that this one took back. ``forgotten_at``: when the connection's mappings were forgotten; it can't be reverted since.
    """

    class How(models.TextChoices):
        AUTOMATIC = "automatic", "Automatic"
        PERSON = "person", "By a person"
        REVERT = "revert", "Reverted"
        FORGOTTEN = "forgotten", "Forgotten"

    connection = _connection()
    kind = models.CharField(max_length=12)
    how = models.CharField(max_length=10, choices=How.choices)
    count = models.IntegerField(default=0)
    at = models.DateTimeField()
    by = _person()
    reverts = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False, db_index=False
    )
    forgotten_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["connection", "kind", "-id"], name="mappingact_newest")]


class MappingChange(TenantModel):
    """One value before and after. ``before`` and ``after``: {"value" | "client" | "user": id, "name", "how", "reason"}, without an id where it
    was left as it is, and None where it was not mapped. ``label``: the value's own name."""

    act = models.ForeignKey(MappingAct, on_delete=models.CASCADE, related_name="changes", db_constraint=False)
    remote_id = models.CharField(max_length=64)
    scope = models.CharField(max_length=64, blank=True)
    record_id = models.BigIntegerField(null=True)
    label = models.TextField(blank=True)
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["organization", "remote_id"], name="mappingchange_of_value")]
