"""A reader as a process of its own: asks for pages of the ticket list, one after the other, until its standard input ends."""

from __future__ import annotations

import select
import sys
import time

import django

THINKING = 0.1
"""Seconds between an answer and the next question: a reader that never pauses would measure the queue for the processor."""


def main(person: int) -> None:
    """Prints a line a page: when it was asked for (seconds since 1970), and how many milliseconds it took."""
    django.setup()
    from foundation.tenancy.models import User
    from lab.benchmark.pages import READ_DURING_A_MERGE
    from lab.benchmark.reads import ask, signed_in

    browser = signed_in(User.objects.get(pk=person))
    while not select.select([sys.stdin], [], [], THINKING)[0]:
        for page in READ_DURING_A_MERGE:
            asked, began = time.time(), time.perf_counter()
            ask(browser, page)
            print(f"{asked:.3f} {(time.perf_counter() - began) * 1000:.2f}", flush=True)
            time.sleep(THINKING)


if __name__ == "__main__":
    main(int(sys.argv[1]))
