"""How often a person may have a remote system asked, by any page: whoever holds a key down spends the requests of all who share its budget.

Counted in the cache: while it is away nobody is refused.
"""

from __future__ import annotations

import time

from django.core.cache import cache

MOST = 60
"""Requests of a person within a window that wait for a remote system."""
WINDOW_SECONDS = 60


def seconds_to_wait(user_id: int) -> int:
    """Counts a request; how long the person has to wait for the next window, 0 where this one may go on."""
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    key = f"remote:{user_id}:{window}"
    if cache.add(key, 1, WINDOW_SECONDS):
        return 0
    try:
        count = cache.incr(key)
    except ValueError:  # it ended between the two
        return 0
    return WINDOW_SECONDS - passed if count > MOST else 0
