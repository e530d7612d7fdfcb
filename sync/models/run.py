"""Runs: what was asked, how far it is, what came of it."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from foundation.tenancy.models import TenantModel
from foundation.tenancy.scope import tenant_transaction


class Run(TenantModel):
    """One synchronisation of one connection.

    ``state`` moves queued → running ⇄ waiting → verifying → [held] → applying → done | failed | cancelled; ``result`` is computed at the end.
    ``fence`` grows with each claim: a writer whose fence or lease is stale writes nothing. ``lease_until``: when a silent worker counts as dead.
    ``progress_at``: the last committed progress. ``wait_until``/``wait_reason``: what a waiting run waits for.
    """

    class Kind(models.TextChoices):
        QUICK = "quick", "Quick sync"
        FULL = "full", "Full sync"
        CLEAR_RESYNC = "clear_resync", "Full clear and resync"
        PREVIEW = "preview", "Preview"

    class Lane(models.TextChoices):
        FAST = "fast"
        BULK = "bulk"

    class Trigger(models.TextChoices):
        PERSON = "person", "Started by a person"
        COMMAND = "command", "Command line"
        INTERVAL = "interval", "Interval"
        NIGHTLY = "nightly", "Nightly"
        FIRST = "first", "First sync"

    class State(models.TextChoices):
        QUEUED = "queued", "Queued"
        RUNNING = "running", "Running"
        WAITING = "waiting", "Waiting"
        VERIFYING = "verifying", "Verifying"
        HELD = "held", "Held"
        APPLYING = "applying", "Applying"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Cancelled"

    class Phase(models.TextChoices):
        QUEUED = "queued", "Queued"
        CONNECTING = "connecting", "Connecting"
        COUNTING = "counting", "Counting"
        FETCHING = "fetching", "Fetching"
        VERIFYING = "verifying", "Verifying"
        APPLYING = "applying", "Applying"
        CLEANING = "cleaning", "Cleaning up"
        FINISHED = "finished", "Finished"

    class Result(models.TextChoices):
        NO_CHANGE = "no_change", "No change"
        SUCCESS = "success", "Success"
        WARNING = "warning", "Warning"
        ERROR = "error", "Error"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Cancelled"

    ACTIVE = (State.RUNNING, State.WAITING, State.VERIFYING, State.APPLYING)
    OPEN = (State.QUEUED, *ACTIVE, State.HELD)

    connection = models.ForeignKey(
        "integrations.Connection", on_delete=models.CASCADE, related_name="+", db_constraint=False
    )
    kind = models.CharField(max_length=16, choices=Kind.choices)
    lane = models.CharField(max_length=8, choices=Lane.choices)
    trigger = models.CharField(max_length=12, choices=Trigger.choices)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    phase = models.CharField(max_length=12, choices=Phase.choices, default=Phase.QUEUED)
    result = models.CharField(max_length=12, choices=Result.choices, blank=True)
    lands_live = models.BooleanField(default=False, help_text="A first sync: pages land as they are fetched.")
    urgent = models.BooleanField(default=False, help_text="Goes to the head of the queue.")
    scope = models.JSONField(
        default=dict,
        help_text="preview: {of, applied_by}; applying one: {preview, began}; {only}: of these streams",
    )
    plan = models.JSONField(
        default=dict, help_text="What it reads, laid out once: see ``sync.engine.run.stored_plan``."
    )
    staged_until = models.DateTimeField(null=True, help_text="Until when what a preview read can be applied.")
    requested_by = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    joined = models.IntegerField(default=0, help_text="How many later presses joined this run.")
    reason = models.TextField(blank=True)
    message = models.TextField(blank=True)
    error_code = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    progress_at = models.DateTimeField(null=True)
    fence = models.BigIntegerField(default=0)
    worker = models.CharField(max_length=120, blank=True)
    lease_until = models.DateTimeField(null=True)
    wait_until = models.DateTimeField(null=True)
    wait_reason = models.TextField(blank=True)
    attempts = models.IntegerField(default=0, help_text="Transient failures since the last progress.")
    claims = models.IntegerField(default=0, help_text="Claims since the last advance whose worker never gave it back.")
    faults = models.IntegerField(default=0, help_text="Faults of our own or of the database since the last advance.")
    paused = models.FloatField(default=0, help_text="Seconds of pauses that the PSA asked for since the last advance.")
    waited = models.FloatField(default=0, help_text="Seconds of all its waits for the PSA together.")
    cancelled_by = models.ForeignKey(
        "tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False
    )
    requests = models.IntegerField(default=0)
    remote_seconds = models.FloatField(default=0)
    remote_bytes = models.BigIntegerField(default=0)
    remote_started_at = models.DateTimeField(null=True, help_text="The PSA's clock at the first answer.")
    verification = models.JSONField(default=dict)
    notified_at = models.DateTimeField(null=True)
    rung_at = models.DateTimeField(null=True, help_text="When a worker was last told of it.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "lane"],
                name="run_one_active_per_lane",
                condition=Q(state__in=["running", "waiting", "verifying", "applying"]),
            ),
            models.UniqueConstraint(
                fields=["connection", "kind"],
                name="run_one_queued_per_kind",
                condition=Q(state="queued"),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "connection", "-id"], name="run_latest"),
            models.Index(fields=["staged_until"], name="run_staged", condition=Q(staged_until__isnull=False)),
            models.Index(
                fields=["state", "lease_until"], name="run_due", condition=~Q(state__in=["done", "failed", "cancelled"])
            ),
        ]

    @property
    def is_open(self) -> bool:
        return self.state in self.OPEN

    def get_kind_display(self) -> str:  # type: ignore[no-redef]  # Django leaves one that is there alone
        """The kind in words; a preview says of what it is one."""
        if self.is_preview:
            return f"Preview of a {self.Kind(self.reads_as).label.lower()}"
        return str(self.Kind(self.kind).label)

    @property
    def is_preview(self) -> bool:
        """Whether it reads and compares, and changes nothing."""
        return self.kind == self.Kind.PREVIEW

    @property
    def applies(self) -> int | None:
        """The preview whose reading it applies, instead of one of its own."""
        found: int | None = self.scope.get("preview")
        return found

    @property
    def reads_as(self) -> str:
        """The kind by whose rules it reads and compares."""
        return str(self.scope.get("of", self.Kind.FULL)) if self.is_preview else self.kind

    @property
    def staging_id(self) -> int:
        """The run whose staging it works on."""
        return self.applies or self.pk

    @property
    def stages(self) -> bool:
        """Whether it stages everything before it writes anything, though its kind may not."""
        return self.is_preview or self.applies is not None

    @property
    def reading_began_at(self) -> dt.datetime | None:
        """When the reading began that it applies."""
        began = self.scope.get("began")
        return dt.datetime.fromisoformat(began) if began else self.started_at

    @property
    def seconds(self) -> float | None:
        """From start to finish; None while either is missing."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


class RunStream(TenantModel):
    """One stream's part of a run. ``checkpoint``: where to go on. ``expected_source``: words for where "expected" comes from.

    ``watermark``: the cursor to store when the stream is merged. ``coverage``: {"read": …, "of": …} of a per-parent stream.
    ``incomplete``: why not all of it could be read; then nothing is swept, and the cursor stays.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Pending"
        FETCHING = "fetching", "Fetching"
        FETCHED = "fetched", "Fetched"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        SKIPPED = "skipped", "Skipped"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="streams", db_constraint=False)
    name = models.CharField(max_length=32)
    position = models.IntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    expected = models.IntegerField(null=True)
    expected_source = models.CharField(max_length=120, blank=True)
    fetched = models.IntegerField(default=0)
    created = models.IntegerField(default=0)
    updated = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    removed = models.IntegerField(default=0)
    failed = models.IntegerField(default=0)
    pages = models.IntegerField(default=0)
    requests = models.IntegerField(default=0)
    seconds = models.FloatField(default=0)
    checkpoint = models.JSONField(null=True)
    watermark = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    coverage = models.JSONField(default=dict)
    incomplete = models.TextField(blank=True)
    message = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "name"], name="runstream_once")]
        ordering = ["position"]

    @staticmethod
    def objects_of(run: Run) -> list[RunStream]:
        """The run's streams in order, read in a transaction of their own where none is open."""
        with tenant_transaction():
            return list(RunStream.objects.filter(run_id=run.pk).order_by("position"))


class RunIssue(TenantModel):
    """A record that could not be merged, or a page that could not be read. ``parent_remote_id``: the parent below which the stream could
    not be read. ``sample`` is redacted."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="issues", db_constraint=False)
    stream = models.CharField(max_length=32)
    parent_remote_id = models.CharField(max_length=64, blank=True)
    remote_id = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=32)
    message = models.TextField()
    sample = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["run", "stream", "id"], name="runissue_of_run")]


class RunLog(TenantModel):
    """One line of a run's log. ``fields``: ids, counts, statuses; never contents or secrets."""

    class Level(models.TextChoices):
        DEBUG = "debug"
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="logs", db_constraint=False)
    at = models.DateTimeField()
    level = models.CharField(max_length=8, choices=Level.choices)
    stream = models.CharField(max_length=32, blank=True)
    message = models.TextField()
    fields = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="runlog_of_run")]


class RunSignal(TenantModel):
    """What people ask of an open run. A table of its own: the run's row may be locked by an applying worker, a press must not wait."""

    class Kind(models.TextChoices):
        CANCEL = "cancel"
        APPROVE = "approve"
        REJECT = "reject"

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="signals", db_constraint=False)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    at = models.DateTimeField(db_default=Now())
    by = models.ForeignKey("tenancy.User", null=True, on_delete=models.SET_NULL, related_name="+", db_constraint=False)
    reason = models.TextField(blank=True)
