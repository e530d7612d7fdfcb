"""Pick lists: queues, statuses, priorities, categories. Numbers and names as a tenant's might be; all invented."""

from __future__ import annotations

from dataclasses import dataclass

from lab.sandbox.problems import PROBLEMS

NEW, COMPLETE = 1, 5


@dataclass(frozen=True, slots=True)
class Pick:
    value: int
    label: str
    order: int = 0
    active: bool = True
    parent: int | None = None
    default: bool = False


def _row(*rows: tuple[int, str], inactive: tuple[int, ...] = ()) -> tuple[Pick, ...]:
    return tuple(
        Pick(value, label, order, value not in inactive, default=order == 0)
        for order, (value, label) in enumerate(rows)
    )


QUEUES = _row(
    (5, "Client Portal"),
    (6, "Post Sale"),
    (8, "Monitoring Alert"),
    (29682833, "Level I Support"),
    (29682969, "Level II Support"),
    (29683354, "Recurring Tickets"),
    (29683378, "Administration"),
    (29683481, "Former projects"),
    inactive=(29683481,),
)
STATUSES = _row(
    (1, "New"),
    (8, "In Progress"),
    (7, "Waiting Customer"),
    (9, "Waiting Materials"),
    (12, "Waiting Vendor"),
    (11, "Escalate"),
    (10, "Scheduled"),
    (13, "Follow Up (closed by phone)"),
    (5, "Complete"),
    (14, "Dispatched (old)"),
    inactive=(14,),
)
OPEN_STATUSES = tuple(pick.value for pick in STATUSES if pick.value != COMPLETE and pick.active)
PRIORITIES = _row((4, "Critical"), (1, "High"), (2, "Medium"), (3, "Low"))
TICKET_TYPES = _row((1, "Service Request"), (2, "Incident"), (3, "Problem"), (4, "Change Request"), (5, "Alert"))
SOURCES = _row((2, "Phone"), (4, "Email"), (6, "Client Portal"), (8, "Monitoring Alert"), (-1, "Insourced"))
SLAS = _row((1, "Standard SLA"), (2, "Gold SLA"))
COMPANY_TYPES = _row(
    (1, "Customer"), (2, "Lead"), (3, "Prospect"), (4, "Dead"), (6, "Cancelation"), (7, "Vendor"), (8, "Partner")
)
TERRITORIES = _row((29683001, "Florida"), (29683002, "Netherlands"))
PUBLISH = _row((1, "All Autotask Users"), (2, "Internal Project Team"), (4, "Internal & Co-managed"))
ASSET_TYPES = _row((1, "Workstation"), (2, "Laptop"), (3, "Server"), (4, "Firewall"), (5, "Printer"))
ASSET_CATEGORIES = _row((2, "Standard"))
MAKERS = _row((1, "Dell Inc."), (2, "LENOVO"), (3, "HPE"))
PRODUCT_CATEGORIES = _row((1, "Workplace"), (2, "Servers"), (3, "Network"))
CONTRACT_TYPES = _row((7, "Recurring Service"), (4, "Block Hours"))
CONTRACT_STATUSES = _row((1, "Active"), (0, "Inactive"))
OPPORTUNITY_STATUSES = _row((0, "Not Ready To Buy"), (1, "Active"), (2, "Lost"), (3, "Closed"), (4, "Implemented"))
STAGES = _row((1, "Lead"), (2, "Qualified"), (3, "Quote sent"), (4, "Negotiation"))
RATINGS = _row((1, "Hot"), (2, "Warm"), (3, "Cold"))
LEAD_SOURCES = _row((1, "Referral"), (2, "Web site"))
NOTE_TYPES = _row((1, "Task Summary"), (2, "Task Detail"), (3, "Task Notes"), (13, "Workflow Rule Note - Task"))


def _issue_types() -> tuple[Pick, ...]:
    names = dict.fromkeys(problem.type for problem in PROBLEMS)
    return tuple(Pick(10 + place, name, place) for place, name in enumerate(names))


def _sub_issue_types() -> tuple[Pick, ...]:
    pairs = dict.fromkeys((problem.type, problem.subtype) for problem in PROBLEMS)
    parents = {pick.label: pick.value for pick in ISSUE_TYPES}
    return tuple(
        Pick(130 + place, subtype, place, parent=parents[type_]) for place, (type_, subtype) in enumerate(pairs)
    )


ISSUE_TYPES = _issue_types()
SUB_ISSUE_TYPES = _sub_issue_types()
_BY_NAME = {pick.label: pick.value for pick in ISSUE_TYPES}
_BY_PAIR = {(pick.parent, pick.label): pick.value for pick in SUB_ISSUE_TYPES}


def filing(problem: int) -> tuple[int, int]:
    """Issue type and sub-issue type of a problem."""
    issue = _BY_NAME[PROBLEMS[problem].type]
    return issue, _BY_PAIR[issue, PROBLEMS[problem].subtype]


@dataclass(frozen=True, slots=True)
class UserField:
    """A user-defined field. ``type`` as the metadata spell it."""

    entity: str
    name: str
    type: str
    options: tuple[Pick, ...] = ()


USER_FIELDS = (
    UserField("Tickets", "Asset owner", "string"),
    UserField("Tickets", "Number of [affected] users", "double"),
    UserField("Tickets", "Go-live", "datetime"),
    UserField("Tickets", "\u200bSite class", "integer", _row((1, "HQ"), (2, "Branch"), (3, "Home office"))),
    UserField("Tickets", "status", "string"),
    UserField("Companies", "Contract level", "integer", _row((1, "Bronze"), (2, "Silver"), (3, "Gold"))),
    UserField("Companies", "Onboarded", "datetime"),
    UserField("Contacts", "Approver", "string"),
    UserField("ConfigurationItems", "Asset owner", "string"),
    UserField("Contracts", "Account manager", "string"),
)
