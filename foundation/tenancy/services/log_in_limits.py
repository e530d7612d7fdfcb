"""How many wrong passwords are borne. The counters are in PostgreSQL, so that they hold while Redis is away and after it was emptied.

Three limits count: one account from one place, all accounts from one address, and one account from everywhere. A place is a network
address, or a browser in which the account was logged in before. From such a browser only the first limit counts, so that nobody locks
the right person out by typing wrong passwords elsewhere; and a new password set by the mailed link forgets the account's failures.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, Q
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from foundation.tenancy.models import LogInFailure


@dataclass(frozen=True, slots=True)
class Limit:
    """So many failures within this time are borne."""

    failures: int
    within: dt.timedelta


ACCOUNT_AT_PLACE = Limit(5, dt.timedelta(minutes=5))
ADDRESS = Limit(10, dt.timedelta(minutes=1))
ACCOUNT = Limit(100, dt.timedelta(hours=1))
KEPT = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A try that is counted as a failure until it succeeds. ``allowed``: whether its password may be looked at."""

    id: int
    allowed: bool


def account_of(email: str) -> str:
    """The digest by which failures are counted; of addresses that nobody has, too."""
    return salted_hmac("log-in", email.strip().lower(), secret=settings.SECRET_KEY, algorithm="sha256").hexdigest()


def attempt_begin(*, account: str, address: str, browser: str = "") -> Attempt:
    """Counts a try before its password is looked at, so that a hundred at once are a hundred. ``browser``: a known one of this account.

    A try that is not allowed is not counted: whoever goes on asking waits no longer for it.
    """
    place = browser or address
    made = LogInFailure.objects.create(account=account, place=place[:80], at=Now())
    allowed = not _exceeded(account, place[:80], known=bool(browser))
    if not allowed:
        made.delete()
    return Attempt(made.pk or 0, allowed)


def attempt_succeeded(attempt: Attempt) -> None:
    """The password was right: the try was no failure. Earlier ones still count, or a log-in of one's own now and then would lift the limit."""
    LogInFailure.objects.filter(pk=attempt.id).delete()


def failures_forget(*, account: str) -> None:
    """The person has proved to be the right one: a new password was set by the mailed link."""
    LogInFailure.objects.filter(account=account).delete()


def failures_purge() -> None:
    """Deletes what no limit looks at any more."""
    LogInFailure.objects.filter(at__lt=Now() - KEPT).delete()


def _exceeded(account: str, place: str, *, known: bool) -> bool:
    """Whether there are more failures than are borne, the one that was just counted included."""
    at_place = Q(account=account, place=place, at__gt=Now() - ACCOUNT_AT_PLACE.within)
    of_address = Q(place=place, at__gt=Now() - ADDRESS.within)
    of_account = Q(account=account, at__gt=Now() - ACCOUNT.within)
    counts = LogInFailure.objects.filter(at_place | of_address | of_account).aggregate(
        at_place=Count("id", filter=at_place),
        of_address=Count("id", filter=of_address),
        of_account=Count("id", filter=of_account),
    )
    if counts["at_place"] > ACCOUNT_AT_PLACE.failures:
        return True
    return not known and (counts["of_address"] > ADDRESS.failures or counts["of_account"] > ACCOUNT.failures)
