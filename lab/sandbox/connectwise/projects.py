"""Projects and their tickets, which stand apart from service tickets: an interface of their own, ids of the same sequence.

They are few, so they are made at the start. Source: OpenAPI 2026.4; that rows of ``/project/tickets`` have ``isIssueFlag`` and no
``recordType``: clients of live systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from lab.sandbox.clock import DAY, written
from lab.sandbox.collection import Json
from lab.sandbox.connectwise import custom_fields
from lab.sandbox.connectwise.boards import PROJECT_BOARD, Board
from lab.sandbox.connectwise.clients import FIRST_COMPANY
from lab.sandbox.connectwise.collection import Collection
from lab.sandbox.connectwise.conversation import FIRST_NOTE, FIRST_TIME, PER_TICKET
from lab.sandbox.connectwise.shapes import SHAPES
from lab.sandbox.connectwise.tables import CURRENCY, DEPARTMENT, LOCATION, reference
from lab.sandbox.connectwise.tickets import Tickets
from lab.sandbox.dice import Dice

MOST_TICKETS = 600
PER_PROJECT = 6
FIRST_PROJECT, FIRST_PHASE = 5, 50
NAMES = ("Office move", "Microsoft 365 migration", "Server replacement", "Wi-Fi renewal", "Telephony to the cloud")
STEPS = ("Inventory", "Order hardware", "Prepare accounts", "Cut over", "Train people", "Hand over")
TYPES = ((8, "Implementations"), (9, "Internal"))


class Projects:
    """What the seed says of projects, from the ids that service tickets left free."""

    def __init__(self, tickets: Tickets) -> None:
        self.tickets, self.seed = tickets, tickets.seed
        boards = tickets.boards.by_id.values()
        self.board: Board = next(board for board in boards if board.name == PROJECT_BOARD)
        self.ids = self._free_ids()

    def collections(self) -> dict[str, Collection]:
        """Projects and project tickets; their notes and time stand among those of service tickets."""
        projects, tickets = range(-(-len(self.ids) // PER_PROJECT)), range(len(self.ids))
        return {
            "projects": Collection(
                SHAPES["project"],
                [FIRST_PROJECT + number for number in projects],
                self._project,
                stamps=[self._changed(number) for number in projects],
            ),
            "project_tickets": Collection(
                SHAPES["projectTicket"], self.ids, self._ticket, stamps=[self._updated(number) for number in tickets]
            ),
        }

    def notes(self) -> Iterator[Json]:
        """One note on each."""
        first = FIRST_NOTE + (len(self.tickets.ids) + 1) * PER_TICKET
        for number, row in enumerate(map(self._ticket, range(len(self.ids)))):
            moment, author = row["_info"]["lastUpdated"], row["owner"]
            yield {
                "id": first + number,
                "ticketId": row["id"],
                "text": f"{row['summary']}: agreed with the client.",
                "detailDescriptionFlag": True,
                "internalAnalysisFlag": False,
                "resolutionFlag": False,
                "issueFlag": False,
                "member": author,
                "customerUpdatedFlag": False,
                "dateCreated": moment,
                "createdBy": author["identifier"],
                "internalFlag": False,
                "externalFlag": True,
                "_info": {"lastUpdated": moment, "updatedBy": author["identifier"]},
            }

    def times(self) -> Iterator[Json]:
        """An hour on every other one."""
        first = FIRST_TIME + (len(self.tickets.ids) + 1) * PER_TICKET
        for number in range(0, len(self.ids), 2):
            row, ended = self._ticket(number), self._updated(number)
            yield {
                "id": first + number // 2,
                "company": row["company"],
                "chargeToId": row["id"],
                "chargeToType": "ProjectTicket",
                "member": row["owner"],
                "location": LOCATION,
                "department": DEPARTMENT,
                "workType": reference("workType", "time/workTypes", 4, name="Project"),
                "workRole": reference("workRole", "time/workRoles", 14, name="Project Manager"),
                "timeStart": written(ended - 3600),
                "timeEnd": written(ended),
                "hoursDeduct": 0.0,
                "actualHours": 1.0,
                "billableOption": "Billable",
                "notes": f"{row['summary']}, on site.",
                "addToDetailDescriptionFlag": False,
                "addToInternalAnalysisFlag": False,
                "addToResolutionFlag": False,
                "hoursBilled": 1.0,
                "enteredBy": row["owner"]["identifier"],
                "dateEntered": written(ended),
                "status": "Open",
                "ticket": reference("ticket", "project/tickets", row["id"], summary=row["summary"]),
                "project": row["project"],
                "invoiceFlag": False,
                "customFields": [],
                "_info": {"lastUpdated": written(ended), "updatedBy": row["owner"]["identifier"]},
            }

    def _free_ids(self) -> list[int]:
        """Ids between those of service tickets. Some stay free: they were of deleted tickets."""
        if not self.seed.projects:
            return []
        ids = self.tickets.ids
        free = [below + 1 for below, above in pairwise(ids) if above > below + 1]
        return free[:MOST_TICKETS]

    def _ticket(self, number: int) -> Json:
        project, step = divmod(number, PER_PROJECT)
        dice = self._dice("ticket", number)
        place, closed = self._place(project), dice.chance(60)
        status = dice.pick(self.board.closing if closed else self.board.open)
        type_, subtype, item = dice.pick(self.board.filing)
        company_id, updated = FIRST_COMPANY + place, self._updated(number)
        entered = updated - dice.below(30 * DAY)
        site = f"company/companies/{company_id}/sites"
        return {
            "id": self.ids[number],
            "summary": f"{STEPS[step]}: {self._name(project)}"[:100],
            "isIssueFlag": dice.chance(8),
            "board": self.board.reference,
            "status": self.tickets.boards.status_references[status],
            "project": self._project_reference(project),
            "phase": reference("phase", f"project/projects/{project}/phases", FIRST_PHASE + project, name="Main phase"),
            "wbsCode": f"1.{step + 1}",
            "company": self.tickets.clients.reference(company_id),
            "site": reference("site", site, self.tickets.clients.site_id(place), name="Main"),
            "siteName": "Main",
            "contact": self.tickets.clients.contact_reference(self.tickets.clients.contacts_of(place)[0]),
            "type": type_,
            "subType": subtype,
            "item": item,
            "owner": self._member(dice),
            "priority": reference("priority", "service/priorities", 4, name="Priority 3 - Normal Response"),
            "budgetHours": float(1 + dice.below(16)),
            "customerUpdatedFlag": False,
            "closedDate": written(updated) if closed else None,
            "closedFlag": closed,
            "actualHours": 0.0 if number % 2 else 1.0,
            "approved": True,
            "billTime": "Billable",
            "location": LOCATION,
            "department": DEPARTMENT,
            "mobileGuid": self.seed.guid("project ticket", number),
            "currency": CURRENCY,
            "tasks": [],
            "customFields": [custom_fields.entry(field, None) for field in custom_fields.definitions_of("sr100")],
            "_info": {"lastUpdated": written(updated), "updatedBy": "zadmin", "dateEntered": written(entered)},
        }

    def _project(self, number: int) -> Json:
        dice, place = self._dice("project", number), self._place(number)
        began = (self.seed.now // DAY - 30 - dice.below(700)) * DAY
        closed, updated = dice.chance(50), self._changed(number)
        kind, kind_name = dice.pick(TYPES)
        company_id = FIRST_COMPANY + place
        status = (2, "Closed") if closed else (1, "Open")
        return {
            "id": FIRST_PROJECT + number,
            "name": self._name(number),
            "board": self.board.reference,
            "status": reference("status", "project/statuses", status[0], name=status[1]),
            "type": reference("type", "project/projectTypes", kind, name=kind_name),
            "company": self.tickets.clients.reference(company_id),
            "contact": self.tickets.clients.contact_reference(self.tickets.clients.contacts_of(place)[0]),
            "manager": self._member(dice),
            "billingMethod": dice.pick(("ActualRates", "FixedFee", "NotToExceed")),
            "billTime": "Billable",
            "billExpenses": "Billable",
            "billProducts": "Billable",
            "budgetHours": float(10 + dice.below(90)),
            "actualHours": float(dice.below(60)),
            "percentComplete": 1.0 if closed else dice.below(100) / 100,
            "description": "Agreed with the client.",
            "estimatedStart": written(began),
            "estimatedEnd": written(began + 60 * DAY),
            "actualStart": written(began),
            "actualEnd": written(began + 70 * DAY) if closed else None,
            "closedFlag": closed,
            "location": LOCATION,
            "department": DEPARTMENT,
            "currency": CURRENCY,
            "customFields": [],
            "_info": {"lastUpdated": written(updated), "updatedBy": "zadmin", "dateEntered": written(began)},
        }

    def _project_reference(self, number: int) -> Json:
        return reference("project", "project/projects", FIRST_PROJECT + number, name=self._name(number))

    def _name(self, number: int) -> str:
        return f"{NAMES[number % len(NAMES)]} {number + 1}"

    def _member(self, dice: Dice) -> Json:
        people = self.tickets.people
        return people.references[dice.pick(people.technicians)]

    def _place(self, project: int) -> int:
        return self._dice("company", project).below(self.tickets.clients.count)

    def _updated(self, number: int) -> int:
        return self.seed.now - 600 - self._dice("updated", number).low(400 * DAY)

    def _changed(self, project: int) -> int:
        return self.seed.now - 600 - self._dice("changed", project).below(30 * DAY)

    def _dice(self, *purpose: object) -> Dice:
        return self.seed.dice("project", *purpose)
