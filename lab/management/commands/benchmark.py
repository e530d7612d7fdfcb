"""Figures about the engine: manage.py benchmark WHAT [--tickets N] [--provider KEY] [--connections N] [--json]"""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from foundation.tenancy.commands import OperatorCommand, json_option
from integrations.registry import PROVIDERS
from lab.benchmark.jobs import ANY
from lab.benchmark.jobs import JOBS as OF_THE_ENGINE
from lab.benchmark.merges import merge
from lab.benchmark.nightly import nightly
from lab.benchmark.reads import read
from lab.benchmark.sandbox import CONNECTWISE

JOBS = OF_THE_ENGINE | {"read": read, "merge": merge, "nights": nightly}


class Command(OperatorCommand):
    """Prints one result after the other; with --json each is one line, the last line too."""

    help = "Measures syncs against a simulated PSA, beside the least that they could cost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("what", choices=sorted({*JOBS, *ANY}))
        parser.add_argument("--tickets", type=int, default=20_000, metavar="N")
        parser.add_argument("--connections", type=int, default=1000, metavar="N", help="of nights: how many are due")
        parser.add_argument(
            "--provider", default=CONNECTWISE, choices=sorted(PROVIDERS), help=f"of {', '.join(sorted(ANY))}: whose PSA"
        )
        json_option(parser)

    def run(self, options: dict[str, Any]) -> None:
        if options["tickets"] < 1:
            raise CommandError("--tickets wants a number of 1 or more.")
        if not any(network.startswith("127.") for network in settings.OUTBOUND_ALLOWED_NETWORKS):
            raise CommandError(
                "The simulated PSA is on this machine: set OUTBOUND_ALLOWED_NETWORKS=127.0.0.0/8 for this command."
            )
        what, system = options["what"], options["provider"]
        if what in ANY:
            results = ANY[what](options["tickets"], system)
        elif system != CONNECTWISE:
            raise CommandError(
                f"Only {', '.join(sorted(ANY))} know --provider; “{what}” measures with a simulated ConnectWise."
            )
        else:
            results = JOBS[what](options["connections"] if what == "nights" else options["tickets"])
        for result in results:
            self.answer(result, [f"{name:24}{value}" for name, value in result.items()] + [""])
