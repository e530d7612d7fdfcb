"""manage.py time_zone"""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from foundation.tenancy.commands import OperatorCommand, json_option, organization_option
from sync.services.schedules import time_zone_set


class Command(OperatorCommand):
    help = "Gives an organization another time zone; the next night of each of its connections is reckoned anew."

    def add_arguments(self, parser: CommandParser) -> None:
        organization_option(parser)
        parser.add_argument("--to", required=True, metavar="ZONE", help="such as Europe/Amsterdam")
        json_option(parser)

    def run(self, options: dict[str, Any]) -> None:
        with self.in_organization(options["organization"]) as organization_id:
            time_zone_set(organization_id=organization_id, time_zone=options["to"])
        said = {"organization": options["organization"], "time_zone": options["to"]}
        self.answer(said, [f"{options['organization']} is in {options['to']} from now on."])
