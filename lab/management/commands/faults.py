"""The fault harness from the shell."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from lab.faults.own_servers import perform
from lab.faults.run_scenarios import add_options


class Command(BaseCommand):
    """``faults run [--short] --seed N [--scenario F1] [--json]``. Exit code 1 when an invariant was violated."""

    help = "Hurt the sync engine on servers of its own, and check what must hold."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        add_options(verbs.add_parser("run", help="play the scenarios; the last line is one JSON object"))

    def handle(self, *args: Any, **options: Any) -> None:
        arguments = [f"--{name}" for name in ("short", "json") if options[name]]
        arguments += [f"--seed={options['seed']}", f"--provider={options['provider']}"]
        arguments += [f"--scenario={name}" for name in options["scenario"]]
        arguments += [
            f"--{name}={options[name]}" for name in ("tickets", "rounds", "kinds", "without") if options[name]
        ]
        sys.exit(perform(arguments))
