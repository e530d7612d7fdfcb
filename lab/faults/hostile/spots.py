"""Where each system's interface is struck: which requests are what, and where a ticket keeps which sort of value."""

from __future__ import annotations

from dataclasses import dataclass

Match = dict[str, str]
"""Which requests: regular expressions on path and query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spots:
    """``tickets``: lists of tickets and single ones; ``lists``: lists alone; ``counts``: what tells how many there are, and ``count``:
    the number in it, as a regular expression; ``below``: what lies below one ticket, and ``below_all``: below any; ``look_ups``: what
    names things that tickets only number; ``small``: a stream of a few rows; ``fields``: the paths of a ticket's values by sort; ``columns``:
    the columns here that such a value may change."""

    tickets: Match
    lists: Match
    counts: Match
    count: str
    look_ups: Match
    small: Match
    fields: dict[str, str]
    below: str = ""
    below_query: str = ""
    below_all: Match | None = None
    envelope: tuple[str, str] = ("[", "]")
    """What stands around rows."""

    def below_one(self, target: int) -> Match:
        """The requests for what lies below the one ticket."""
        return {"path": self.below.format(target), "query": self.below_query.format(target)}


SPOTS = {
    "connectwise": Spots(
        tickets={"path": r"service/tickets(/\d+|/search)?$"},
        lists={"path": r"service/tickets(/search)?$"},
        counts={"path": r"service/tickets/count$"},
        count=r'"count":\d+',
        below=r"service/tickets/{}/notes$",
        below_all={"path": r"service/tickets/\d+/notes$"},
        look_ups={"path": r"system/userDefinedFields$"},
        small={"path": r"service/boards/\d+/statuses$"},
        fields={
            "text": "summary",
            "number": "budgetHours",
            "date": "requiredDate",
            "moment": "closedDate",
            "stamp": "_info/lastUpdated",
            "reference": "company/id",
            "name": "company/name",
            "truth": "closedFlag",
            "list": "customFields",
        },
    ),
    "halo": Spots(
        tickets={"path": r"/Tickets(/\d+)?$"},
        lists={"path": r"/Tickets$"},
        counts={"path": r"/Tickets$", "query": "page_size=1(&|$)"},
        count=r'"record_count":\d+',
        below=r"/Actions$",
        below_query=r"ticket_id={}(&|$)",
        below_all={"path": r"/Actions$"},
        look_ups={"path": r"/FieldInfo$"},
        small={"path": r"/Status$"},
        fields={
            "text": "summary",
            "number": "estimate",
            "date": "deadlinedate",
            "moment": "dateclosed",
            "stamp": "last_update",
            "reference": "client_id",
            "name": "client_name",
            "truth": "hasbeenclosed",
            "list": "customfields",
        },
        envelope=('{"record_count":40,"tickets":[', "]}"),
    ),
    "autotask": Spots(
        tickets={"path": r"/Tickets/(query(/next)?|\d+)$"},
        lists={"path": r"/Tickets/query(/next)?$"},
        counts={"path": r"/Tickets/query/count$"},
        count=r'"queryCount":\d+',
        look_ups={"path": r"/Tickets/entityInformation/(fields|userDefinedFields)$"},
        small={"path": r"/Resources/query$"},
        fields={
            "text": "title",
            "number": "estimatedHours",
            "date": "dueDateTime",
            "moment": "completedDate",
            "stamp": "lastActivityDate",
            "reference": "companyID",
            "name": "ticketNumber",
            "truth": "serviceLevelAgreementHasBeenMet",
            "list": "userDefinedFields",
        },
        envelope=(
            '{"items":[',
            '],"pageDetails":{"count":0,"requestCount":500,"prevPageUrl":null,"nextPageUrl":null}}',
        ),
    ),
}
"""By system."""
