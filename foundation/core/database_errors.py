"""What an error of the database is about: data that it does not take, two writers in each other's way, or the database itself."""

from __future__ import annotations

import psycopg
from django.db import DatabaseError, InterfaceError, OperationalError
from psycopg_pool import PoolTimeout, TooManyRequests

DATA = ("22", "23", "54")
"""Classes of PostgreSQL's error codes (its manual's appendix A): data exception, constraint violation, a limit of its own passed."""
BUSY = ("40001", "40P01", "55P03", "57014")
"""Serialization failure, deadlock, a lock that was not there in time, a statement that was cancelled: the same again may work."""
GONE = ("08", "53", "57P", "58", "25P03")
"""The connection is lost, a disk or the memory is full, the server shuts down, a file is not there, or it gave up on a sleeping transaction."""
DISK_FULL = "53100"
WORDS = {
    DISK_FULL: "its disk is full",
    "53200": "it is out of memory",
    "53300": "it has no connection left",
    "57P": "it is being shut down or restarted",
}


def code_of(error: BaseException) -> str:
    """PostgreSQL's five letters for what is wrong; "" where the server did not say any, as when it is away."""
    for one in (error, error.__cause__):
        if isinstance(one, psycopg.Error) and one.sqlstate:
            return str(one.sqlstate)
    return ""


def refuses_data(error: BaseException) -> bool:
    """Whether the database does not take what it was given: the same again fails again, and without the culprit it works."""
    return code_of(error).startswith(DATA) or any(isinstance(e, psycopg.DataError) for e in (error, error.__cause__))


def is_busy(error: BaseException) -> bool:
    """Whether two writers were in each other's way."""
    return code_of(error) in BUSY


def is_away(error: BaseException) -> bool:
    """Whether the database can't work at all just now: that says nothing about what it was asked."""
    if isinstance(error, PoolTimeout | TooManyRequests):
        return True
    if not isinstance(error, DatabaseError | InterfaceError | psycopg.Error) or refuses_data(error) or is_busy(error):
        return False
    code = code_of(error)
    lost = isinstance(error, OperationalError | InterfaceError | psycopg.OperationalError | psycopg.InterfaceError)
    return code.startswith(GONE) or (not code and lost)


def away_words(error: BaseException) -> str:
    """Why it can't work, to go into the middle of a sentence."""
    code = code_of(error)
    return next((words for start, words in WORDS.items() if code.startswith(start)), "it did not answer")


REFUSED = {
    "22001": "a text is longer than its column",
    "22003": "a number is larger than its column holds",
    "22007": "a date or time is not one",
    "22008": "a date or time lies too far away",
    "22021": "a text has a character that can't be stored",
    "22P05": "a text has a character that can't be stored",
    "23502": "a value is missing that has to be there",
    "23505": "another record has the same values where they must differ",
    "54000": "a text is too long for an index",
}
"""What data are refused for, by PostgreSQL's code."""


def refusal_words(error: BaseException) -> str:
    """Why data were refused, to go into the middle of a sentence: without the data."""
    code = code_of(error)
    if not code:
        return f"a value is of another type than its column ({type(error).__name__})"
    words = REFUSED.get(code) or f"a value does not fit (PostgreSQL's code {code})"
    cause = next((one for one in (error, error.__cause__) if isinstance(one, psycopg.Error)), None)
    column = cause.diag.column_name if cause is not None else None
    return f"{words} ({column})" if column else words
