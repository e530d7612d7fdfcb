"""The parts of Halo's JSON that are read. Field names are those of the vendor's OpenAPI document of March 2025.

Anything may be missing or null. Times have no zone and are UTC; "no date" is written as one of 1899 to 1901 or of the year 1.
Numbers may come as 10.0 or as text; ``number`` reads all of them.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any

import msgspec

_IS_NUMBER = re.compile(r"\s*-?\d{1,18}\.0*\s*")
NUMBER = r"^\s*(-?\d{1,18}(\.0*)?)?\s*$"

Number = int | Annotated[float, msgspec.Meta(multiple_of=1)] | Annotated[str, msgspec.Meta(pattern=NUMBER)]


class Row(msgspec.Struct, kw_only=True):
    """What each listed record has."""

    id: int


class CustomValue(msgspec.Struct, kw_only=True):
    """A custom field of a record. ``value`` is the id of a choice where ``display`` is its text."""

    id: int | None = None
    name: str | None = None
    label: str | None = None
    type: int | None = None
    value: Any = None
    display: str | None = None
    isencrypted: bool | None = None


class TicketType(Row):
    name: str | None = None
    itilrequesttype: int | None = None
    visible: bool | None = None
    group_name: str | None = None


class Status(Row):
    """``type`` 0 is of tickets; orders and items have statuses of their own in the same table."""

    name: str | None = None
    type: int | None = None
    sequence: int | None = None


class Category(Row):
    value: str | None = None
    category_name: str | None = None
    type_id: int | None = None


class Team(Row):
    name: str | None = None
    inactive: bool | None = None


class Priority(msgspec.Struct, kw_only=True):
    """One priority of one service level. Its ``id`` is a GUID that nothing refers to."""

    priorityid: int
    slaid: int | None = None
    name: str | None = None
    colour: str | None = None
    ishidden: bool | None = None

    @property
    def id(self) -> int:
        return self.priorityid


class Agent(Row):
    """``email`` stands on an agent that is read alone, not on rows of the list (seen on a live Halo)."""

    name: str | None = None
    namewithinactive: str | None = None
    firstname: str | None = None
    surname: str | None = None
    email: str | None = None
    jobtitle: str | None = None
    isdisabled: bool | None = None


class Client(Row):
    name: str | None = None
    inactive: bool | None = None
    website: str | None = None
    toplevel_name: str | None = None
    main_phonenumber: str | None = None
    datecreated: dt.datetime | None = None


class Site(Row):
    name: str | None = None
    client_id: Number | None = None
    inactive: bool | None = None
    phonenumber: str | None = None
    timezone: str | None = None
    isinvoicesite: bool | None = None
    delivery_address_line1: str | None = None
    delivery_address_line2: str | None = None
    delivery_address_line3: str | None = None
    delivery_address_line4: str | None = None
    delivery_address_line5: str | None = None
    country_code_name: str | None = None


class User(Row):
    name: str | None = None
    firstname: str | None = None
    surname: str | None = None
    title: str | None = None
    client_id: Number | None = None
    client_name: str | None = None
    site_id: Number | None = None
    emailaddress: str | None = None
    email2: str | None = None
    email3: str | None = None
    phonenumber: str | None = None
    mobilenumber: str | None = None
    mobilenumber2: str | None = None
    inactive: bool | None = None
    ismaincontact: bool | None = None


class Ticket(Row):
    summary: str | None = None
    details: str | None = None
    details_html: str | None = None
    tickettype_id: int | None = None
    status_id: int | None = None
    priority_id: int | None = None
    sla_id: int | None = None
    sla_name: str | None = None
    categoryid_1: int | None = None
    categoryid_2: int | None = None
    categoryid_3: int | None = None
    category_1: str | None = None
    category_2: str | None = None
    category_3: str | None = None
    team: str | None = None
    agent_id: int | None = None
    client_id: Number | None = None
    client_name: str | None = None
    site_id: Number | None = None
    site_name: str | None = None
    user_id: Number | None = None
    user_name: str | None = None
    user_email: str | None = None
    reportedby: str | None = None
    impact: int | None = None
    urgency: int | None = None
    hasbeenclosed: bool | None = None
    dateoccurred: dt.datetime | None = None
    dateclosed: dt.datetime | None = None
    deadlinedate: dt.datetime | None = None
    fixbydate: dt.datetime | None = None
    last_update: dt.datetime | None = None
    lastupdate: dt.datetime | None = None
    lastactiondate: dt.datetime | None = None
    estimate: float | None = None
    timetaken: float | None = None
    parent_id: Number | None = None
    merged_into_id: Number | None = None
    contract_ref: str | None = None
    customfields: list[CustomValue] | None = None


class Action(Row):
    """A step of a ticket: a note, a mail, time, a change. ``id`` counts within its ticket. ``note_html`` comes where it is asked for."""

    ticket_id: int | None = None
    note: str | None = None
    note_html: str | None = None
    who: str | None = None
    who_agentid: int | None = None
    actionby_user_id: int | None = None
    hiddenfromuser: bool | None = None
    outcome: str | None = None
    datetime: dt.datetime | None = None
    last_updated: dt.datetime | None = None
    actionarrivaldate: dt.datetime | None = None
    actioncompletiondate: dt.datetime | None = None
    timetaken: float | None = None
    actisbillable: bool | None = None


class FieldChoice(msgspec.Struct, kw_only=True):
    id: Number | None = None
    name: str | None = None


class FieldDefinition(Row):
    """``usage``: the kind of record, 1 for tickets."""

    name: str | None = None
    label: str | None = None
    type: int | None = None
    usage: int | None = None
    isencrypted: bool | None = None
    values: list[FieldChoice] | None = None


class Instance(msgspec.Struct, kw_only=True):
    """``/InstanceInfo``, which needs no token (older releases: ``/authinfo``, with less in it)."""

    app_name: str | None = None
    app_version: str | None = None
    agent_url: str | None = None
    auth_url: str | None = None
    tenant_id: str | None = None


class Token(msgspec.Struct, kw_only=True):
    """``expires_in`` in seconds."""

    access_token: str
    expires_in: float = 3600.0


class Failure(msgspec.Struct, kw_only=True):
    """The error bodies that are JSON objects with a text in them: OAuth's, .NET's, and the gateway's."""

    error: str | None = None
    error_description: str | None = None
    message: str | None = msgspec.field(name="Message", default=None)
    error_message: str | None = msgspec.field(name="errorMessage", default=None)


def number(value: Number | None) -> int | None:
    """An id whichever way it was written; None for none, zero, and what is no number."""
    try:
        return int(value) or None if value is not None else None
    except ValueError:
        return int(str(value).partition(".")[0]) or None if _IS_NUMBER.fullmatch(str(value)) else None
    except OverflowError:
        return None
