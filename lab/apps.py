"""Simulated PSAs, faults and benchmarks. An installation may go without: nothing of the product imports it."""

import os

from django.apps import AppConfig


class LabConfig(AppConfig):
    name = "lab"
    label = "lab"

    def ready(self) -> None:
        """A worker that is to die somewhere is told so by its environment."""
        from lab.crashes import arm

        arm(os.environ)
