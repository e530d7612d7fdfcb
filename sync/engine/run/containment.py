"""Faults that nobody foresaw: counted, told with a reference, tried again after a pause, and after a few in a row the run's end."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import connection as database

from foundation.core.database_errors import DISK_FULL, away_words, code_of, is_away, is_busy
from foundation.tenancy.scope import tenant_transaction
from sync.engine.run import finish
from sync.engine.run.fault_log import log_fault
from sync.engine.run.lease import Lease, RunCancelled, raise_if_cancelled
from sync.engine.run.plan import delay_of
from sync.engine.run.work import Place
from sync.models import Run


@dataclass(frozen=True, slots=True)
class Kind:
    """``code`` of the run that it ends; ``tries``: how many in a row, without an advance in between, it bears."""

    code: str
    tries: int


OWN = Kind("fault", 3)
"""An error in MSPortal, or data that it did not expect: the same again mostly fails again."""
BUSY = Kind("database_busy", 10)
"""Other work on the same rows was in the way."""
AWAY = Kind("database_away", 20)
"""The database can't work: with the pauses in between about forty minutes, as long as a restart or a fail-over takes."""


def kind_of(error: Exception) -> Kind:
    """Which of them it is. Data that the database refuses are a fault: known ones cost their record and never come here."""
    if is_away(error):
        return AWAY
    return BUSY if is_busy(error) else OWN


def contain(lease: Lease, place: Place, error: Exception) -> None:
    """Parks the run for a while, or ends it as an Error when there were too many in a row."""
    kind, reference = kind_of(error), secrets.token_hex(4)
    if not database.in_atomic_block:
        database.close_if_unusable_or_obsolete()
    if kind is BUSY:  # a press of Cancel cancels a long statement
        with tenant_transaction(lease.organization_id):
            raise_if_cancelled(lease)
    log_fault(lease, place, error, reference)
    with tenant_transaction(lease.organization_id):
        faults = Run.objects.values_list("faults", flat=True).get(pk=lease.run_id) + 1
    words = words_of(kind, error)
    if faults < kind.tries:
        said = f"{words} Tried {faults} of {kind.tries} times; the sync goes on by itself."
        finish.park(lease, said, code=kind.code, seconds=delay_of(faults - 1), faults=1)
        return
    where = finish.standing_of(lease, place)
    said = f"{words} It stopped {where} ({type(error).__name__}), after {faults} tries. {cure_of(kind, reference)}"
    finish.failed(lease, said, code=kind.code, stream=place.stream)


def words_of(kind: Kind, error: Exception) -> str:
    """What happened, in a sentence."""
    if kind is AWAY:
        return f"MSPortal's own database could not be used: {away_words(error)}."
    if kind is BUSY:
        return "Other work on the same records was in the way of this sync."
    return "A fault of MSPortal's own stopped this sync."


def cure_of(kind: Kind, reference: str) -> str:
    """Whose turn it is."""
    if kind is AWAY:
        return "Whoever runs MSPortal has to look after the database. The next sync starts as planned."
    if kind is BUSY:
        return f"Start it again at a quieter time. Log reference {reference}."
    return f"Tell support the log reference {reference}."


CLOSE = """
UPDATE sync_run SET state = %(state)s, result = %(result)s, phase = 'finished', finished_at = clock_timestamp(), lease_until = NULL,
    wait_until = NULL, wait_reason = '', message = %(message)s, error_code = %(code)s
WHERE id = %(run)s AND organization_id = %(organization)s AND fence = %(fence)s AND finished_at IS NULL"""
"""The least that ends a run: one statement that hangs on nothing else."""


GIVE_BACK = """
UPDATE sync_run SET state = 'waiting', lease_until = NULL, claims = greatest(claims - 1, 0), wait_reason = %(reason)s,
    wait_until = clock_timestamp() + %(seconds)s * interval '1 second'
WHERE id = %(run)s AND organization_id = %(organization)s AND fence = %(fence)s AND finished_at IS NULL"""
GIVE_BACK_SECONDS = 30


def give_back(lease: Lease, error: Exception) -> None:
    """Waits without a line in the log, for which there is no room. Raises what the database raises."""
    reason = f"{words_of(AWAY, error)} The sync goes on by itself once there is room."
    own = {"run": lease.run_id, "organization": lease.organization_id, "fence": lease.fence}
    with tenant_transaction(lease.organization_id), database.cursor() as cursor:
        cursor.execute(GIVE_BACK, own | {"reason": reason, "seconds": GIVE_BACK_SECONDS})


def abandon(lease: Lease, place: Place, error: Exception) -> None:
    """Ends a run that can't be ended as it should be. Where the database is away or busy the run stays claimed, for the sweeper to find
    when its lease is over; where its disk is full, which leaves room for a small change here and there, it is given back with the reason:
    claims that end without a word would count as deaths."""
    if code_of(error) == DISK_FULL:
        give_back(lease, error)
    if kind_of(error) is not OWN:
        return
    reference = secrets.token_hex(4)
    log_fault(lease, place, error, reference)
    own = {"run": lease.run_id, "organization": lease.organization_id, "fence": lease.fence}
    said = {"state": Run.State.FAILED, "result": Run.Result.ERROR, "code": OWN.code}
    if isinstance(error, RunCancelled):
        said = {"state": Run.State.CANCELLED, "result": Run.Result.CANCELLED, "code": ""}
    message = f"{words_of(OWN, error)} It could not be ended as usual. {cure_of(OWN, reference)}"
    with tenant_transaction(lease.organization_id), database.cursor() as cursor:
        cursor.execute(CLOSE, own | said | {"message": message})
