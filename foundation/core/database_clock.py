"""Our one clock: the database's.

Web servers and workers have clocks of their own, which may be minutes apart. So whatever time of ours is stored, or compared with a
stored one, is the database's: this function, ``Now()`` in an update, or ``clock_timestamp()`` in a statement. Times that the PSA gave
(stamps, cursors, its Date header) stay in the PSA's clock and are compared with each other alone.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection


def now() -> dt.datetime:
    """The moment of this call, aware, in UTC; it goes on within a transaction. Costs a statement."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return moment
