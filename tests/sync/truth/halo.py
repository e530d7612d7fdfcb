"""HaloPSA: the fields of the vendor's document of March 2025, and what its screens show of them."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from tests.sync.truth.rules import Json, Truth, World, caption

COMPANY = "company_remote_id=client_id company_name=client_name"
OLD_ITEMS = "OLD"
"""How the numbers of items begin that are not sold any more: rows do not say it."""
CLOSED = frozenset({"Closed", "Resolved", "Completed", "Cancelled", "Won", "Lost"})
_TAG = re.compile(r"<(p|div|br|span|b|a|table|ul)\b")


def ref(name: str) -> Any:
    """Ids come as 12.0 too, and nought stands for nothing."""
    return lambda row, world: str(int(row[name])) if row.get(name) and int(row[name]) > 0 else None


def refs(**columns: str) -> dict[str, Any]:
    return {f"{column}_remote_id": ref(name) for column, name in columns.items()}


def called(collection: str, name: str) -> Any:
    return lambda row, world: world.find(collection, row.get(name)).get("name")


def always(value: Any) -> Any:
    return lambda row, world: value


def format_of(name: str) -> Any:
    return lambda row, world: "html" if _TAG.search(row.get(name) or "") else "plain"


def agent(name: str) -> Any:
    """The first agent stands for nobody."""
    return lambda row, world: str(row[name]) if (row.get(name) or 0) > 1 else None


def whole_name(row: Json, world: World) -> str:
    """Some agents have the parts of their name alone."""
    return row.get("name") or f"{row['firstname']} {row['surname']}"


def agent_name(row: Json, world: World) -> Any:
    return whole_name(world.find("members", row["agent_id"]), world) if (row.get("agent_id") or 0) > 1 else None


def fields(row: Json, world: World) -> Any:
    found = {}
    for one in row.get("customfields") or ():
        value = [choice["name"] for choice in one["value"]] if isinstance(one["value"], list) else one["value"]
        if one["type"] == 2:
            value = one.get("display")
        if value not in (None, "", []):
            found[str(one["id"])] = (caption(one["label"]), value)
    return found


def asset_fields(row: Json, world: World) -> Any:
    own = {f"field-{int(one['id'])}": (one["name"], str(one["value"])) for one in row["fields"] if one["value"]}
    return own | fields(row, world)


def asset_field(*names: str) -> Any:
    return lambda row, world: next(
        (one["value"] for one in row["fields"] if one["name"] in names and one["value"]), None
    )


def is_closed(row: Json, world: World) -> bool:
    return world.find("statuses", row["status_id"]).get("name") in CLOSED


def priority_name(row: Json, world: World) -> Any:
    found = (
        one
        for one in world.all("priorities")
        if (one["slaid"], one["priorityid"]) == (row["sla_id"], row["priority_id"])
    )
    return next(found, {}).get("name")


def team(row: Json, world: World) -> Any:
    return next((str(one["id"]) for one in world.all("teams") if one["name"] == row.get("team")), None)


def level(name: str) -> Any:
    return lambda row, world: row.get(name) or None


def payment(row: Json, world: World) -> str:
    if row["voided"]:
        return "Voided"
    if row["amountdue"] <= 0:
        return "Paid"
    return "Partly paid" if row["amountpaid"] > 0 else "Open"


def lines(row: Json, world: World) -> list[Any]:
    return [(line["item_shortdescription"], line["net_amount"]) for line in row["lines"]]


def agreements(world: World) -> list[Json]:
    return [*world.all("contracts"), *({**row, "recurring": True} for row in world.all("recurring"))]


def either(contract: Any, recurring: Any) -> Any:
    """A rule of contracts and one of recurring invoices."""

    def found(row: Json, world: World) -> Any:
        rule = recurring if row.get("recurring") else contract
        return rule(row, world) if callable(rule) else row.get(rule)

    return found


def recurring_lines(world: World) -> list[Json]:
    return [{**line, "of": row["id"]} for row in world.all("recurring") for line in row["lines"]]


def emails(row: Json, world: World) -> list[Json]:
    found = [row[name] for name in ("emailaddress", "email2", "email3") if row.get(name)]
    return [{"type": "Email", "value": value, "default": place == 0} for place, value in enumerate(found)]


def phones(row: Json, world: World) -> list[Json]:
    named = (("Phone", "phonenumber"), ("Mobile", "mobilenumber"), ("Mobile 2", "mobilenumber2"))
    found = [(kind, row[name]) for kind, name in named if row.get(name)]
    return [{"type": kind, "value": value, "default": place == 0} for place, (kind, value) in enumerate(found)]


def first_of(of: Any) -> Any:
    return lambda row, world: next((one["value"] for one in of(row, world)), None)


def first_name(row: Json, world: World) -> Any:
    return row.get("firstname") or row["name"].removesuffix(row.get("surname") or "").strip()


def is_time(row: Json) -> bool:
    return bool(row["timetaken"])


def notes(world: World) -> list[Json]:
    return [row for row in world.all("actions") if not is_time(row) and (row["note"] or "").strip()]


def action_id(row: Json) -> str:
    return f"{row['ticket_id']}-{row['number']}"


def categories(kind: int) -> Any:
    return lambda world: [row for row in world.all("categories") if row["type_id"] == kind]


def tickets_statuses(world: World) -> list[Json]:
    return [row for row in world.all("statuses") if not row["type"]]


def priorities(world: World) -> list[Json]:
    """Each service level has its own; they are one where the number is."""
    ordered = sorted(world.all("priorities"), key=lambda row: -row["slaid"])
    return list({row["priorityid"]: row for row in ordered}.values())


CATEGORY = {"name": "value", "is_active": always(True)}
TRUTH = {
    "boards": Truth(
        ("boards",),
        "name=name is_active=visible department=group_name",
        {"is_project": lambda row, world: row["itilrequesttype"] == 22},
        empty="location",
    ),
    "statuses": Truth(
        tickets_statuses,
        "name=name sort_order=sequence",
        {"is_closed": lambda row, world: row["name"] in CLOSED, "is_active": always(True)},
        empty="board_remote_id is_default",
    ),
    "types": Truth(categories(1), "", CATEGORY, empty="board_remote_id parent_ids"),
    "subtypes": Truth(categories(2), "", CATEGORY, empty="board_remote_id parent_ids"),
    "items": Truth(categories(3), "", CATEGORY, empty="board_remote_id parent_ids"),
    "teams": Truth(("teams",), "name=name is_active=!inactive", empty="board_remote_id member_ids"),
    "priorities": Truth(
        priorities,
        "name=name color=colour sort_order=priorityid is_active=!ishidden",
        empty="level",
        name=lambda row: str(row["priorityid"]),
    ),
    "members": Truth(
        lambda world: [row for row in world.all("members") if row["id"] > 1],
        "email=email title=jobtitle is_active=!isdisabled",
        {"identifier": whole_name, "name": whole_name},
        empty="time_zone",
    ),
    "companies": Truth(
        ("companies",),
        "name=name phone=main_phonenumber website=website territory=toplevel_name remote_created_at=datecreated",
        {"status_name": lambda row, world: "Inactive" if row["inactive"] else "Active"},
        empty="address_line1 address_line2 city state postal_code country identifier status_remote_id type_remote_ids "
        "type_names custom_fields",
    ),
    "sites": Truth(
        ("sites",),
        "address_line1=delivery_address_line1 address_line2=delivery_address_line2 city=delivery_address_line3 "
        "state=delivery_address_line4 postal_code=delivery_address_line5 country=country_code_name name=name "
        "phone=phonenumber time_zone=timezone is_primary=isinvoicesite is_active=!inactive",
        refs(company="client_id"),
    ),
    "contacts": Truth(
        ("contacts",),
        "company_name=client_name last_name=surname title=title is_active=!inactive is_default=ismaincontact",
        {
            **refs(company="client_id", site="site_id"),
            "first_name": first_name,
            "emails": emails,
            "phones": phones,
            "email": first_of(emails),
            "phone": first_of(phones),
        },
        empty="type_names address custom_fields",
    ),
    "assets": Truth(
        ("assets",),
        "name=key_field|inventory_number type_name=assettype_name status_name=status_name is_active=!inactive "
        "company_name=client_name site_name=site_name tag=inventory_number last_user=username "
        "purchased_on=supplier_purchasedate installed_on=commissiondate warranty_expires_on=warranty_end notes=notes",
        {
            **refs(company="client_id", site="site_id"),
            "manufacturer": asset_field("Manufacturer"),
            "model": asset_field("Model"),
            "serial_number": asset_field("Serial Number"),
            "operating_system": asset_field("Operating System"),
            "ip_address": asset_field("IP Address"),
            "mac_address": asset_field("MAC Address"),
            "location": asset_field("Room", "Location"),
            "body_format": format_of("notes"),
            "custom_fields": asset_fields,
        },
        empty="contact_remote_id contact_name remote_created_at",
    ),
    "products": Truth(
        ("items",),
        "identifier=supplier_part_code name=name description=description category=assetgroup_name manufacturer=manufacturer_name",
        {
            "unit_price": lambda row, world: row["recurringprice" if row["isrecurringitem"] else "baseprice"],
            "unit_cost": lambda row, world: row["recurringcost" if row["isrecurringitem"] else "costprice"],
            "body_format": format_of("description"),
            "is_active": lambda row, world: not row["supplier_part_code"].startswith(OLD_ITEMS),
        },
        empty="currency custom_fields",
    ),
    "agreements": Truth(
        agreements,
        "company_name=client_name",
        {
            **refs(company="client_id"),
            "name": either("ref", "name"),
            "type_name": either("contracttype_name", always("Recurring invoice")),
            "status_name": either("contract_status", lambda row, world: "Voided" if row["voided"] else ""),
            "is_active": either(
                lambda row, world: row["active"] and not row["expired"], lambda row, world: not row["voided"]
            ),
            "site_remote_id": either(ref("site_id"), always(None)),
            "contact_remote_id": either(ref("user_id"), always(None)),
            "contact_name": either("user_name", always(None)),
            "parent_agreement_remote_id": either(always(None), ref("contract_id")),
            "starts_on": either("start_date", "startdate"),
            "ends_on": either("end_date", "enddate"),
            "billing_cycle": either(always(None), "periodname"),
            "amount": either("periodchargeamount", "total"),
            "currency": either(always(None), "currency_code_name"),
            "purchase_order": either(always(None), "cust_order_number"),
            "notes": either("note", "internal_note"),
            "body_format": either(format_of("note"), format_of("internal_note")),
            "remote_created_at": either(always(None), "date_created"),
            "custom_fields": fields,
        },
        empty="cancelled_on",
        name=lambda row: f"r{row['id']}" if row.get("recurring") else str(row["id"]),
    ),
    "agreement_additions": Truth(
        recurring_lines,
        "product_name=item_shortdescription description=item_longdescription quantity=qty_order unit_price=unit_price "
        "unit_cost=unit_cost total=net_amount starts_on=startdate ends_on=enddate",
        {
            **refs(product="_itemid"),
            "agreement_remote_id": lambda row, world: f"r{row['of']}",
            "billing": lambda row, world: "Not billed" if row["isinactive"] else "Billed",
        },
        empty="included serial_number custom_fields",
        name=lambda row: f"r{row['of']}.{row['id']}",
    ),
    "invoices": Truth(
        ("invoices",),
        "number=thirdpartyinvoicenumber|invoicenumber company_name=client_name invoiced_on=invoice_date due_on=duedate "
        "tax=tax_total total=total paid=amountpaid balance=amountdue currency=currency_code_name "
        "purchase_order=cust_order_number reference=reference remote_created_at=date_created",
        {
            **refs(company="client_id", agreement="contract_id", ticket="ticket_id"),
            "type_name": lambda row, world: "Credit note" if row["creditlinkedtoinvoiceid"] > 0 else "Invoice",
            "status_name": payment,
            "subtotal": lambda row, world: float(Decimal(str(row["total"])) - Decimal(str(row["tax_total"]))),
            "lines": lines,
        },
        empty="custom_fields",
    ),
    "opportunity_statuses": Truth(
        tickets_statuses,
        "name=name",
        {
            "is_closed": lambda row, world: row["name"] in CLOSED,
            "is_won": lambda row, world: row["name"] == "Won",
            "is_lost": lambda row, world: row["name"] == "Lost",
            "is_active": always(True),
        },
    ),
    "opportunities": Truth(
        ("opportunities",),
        "name=summary type_name=opptype stage_name=pipeline_stage_name value=oppvalue company_name=client_name "
        "contact_name=user_name source=opphear expected_close_on=targetdate notes=details remote_created_at=dateoccurred",
        {
            **refs(status="status_id", company="client_id", site="site_id", contact="user_id"),
            "status_name": called("statuses", "status_id"),
            "probability": lambda row, world: round(row["oppconversionprobability"]),
            "owner_remote_id": agent("agent_id"),
            "owner_name": agent_name,
            "closed_at": lambda row, world: row["dateclosed"] if is_closed(row, world) else None,
            "body_format": format_of("details"),
        },
        empty="rating currency custom_fields",
    ),
    "tickets": Truth(
        ("tickets",),
        "summary=summary description=details type_name=category_1 subtype_name=category_2 item_name=category_3 team_name=team "
        "company_name=client_name site_name=site_name contact_name=user_name contact_email=user_email sla=sla_name "
        "remote_created_at=dateoccurred entered_by=reportedby agreement=contract_ref",
        {
            **refs(board="tickettype_id", status="status_id", priority="priority_id", type="categoryid_1"),
            **refs(subtype="categoryid_2", item="categoryid_3", company="client_id", site="site_id", contact="user_id"),
            **refs(parent_ticket="parent_id", merged_into="merged_into_id"),
            "body_format": format_of("details"),
            "board_name": called("boards", "tickettype_id"),
            "status_name": called("statuses", "status_id"),
            "priority_name": priority_name,
            "team_remote_id": team,
            "owner_remote_id": agent("agent_id"),
            "owner_name": agent_name,
            "severity": level("urgency"),
            "impact": level("impact"),
            "is_closed": is_closed,
            "closed_at": lambda row, world: row["dateclosed"] if is_closed(row, world) else None,
            "required_at": lambda row, world: (
                row["deadlinedate"] if row["deadlinedate"][:4] > "1980" else row["fixbydate"]
            ),
            "budget_hours": lambda row, world: row["estimate"] or None,
            "custom_fields": fields,
        },
        empty="resolution record_type resources contact_phone source is_in_sla closed_by required_on updated_by external_reference",
        apart={"actual_hours": "the sandbox adds it up when it is asked for: test_details.py"},
    ),
    "notes": Truth(
        notes,
        "ticket_remote_id=ticket_id remote_created_at=datetime text=note is_internal=hiddenfromuser author=who",
        {
            "member_remote_id": agent("who_agentid"),
            "contact_remote_id": lambda row, world: (
                None if (row["who_agentid"] or 0) > 1 else ref("actionby_user_id")(row, world)
            ),
            "body_format": format_of("note"),
            "kind": lambda row, world: "internal" if row["hiddenfromuser"] else "discussion",
        },
        name=action_id,
    ),
    "time_entries": Truth(
        lambda world: [row for row in world.all("actions") if is_time(row)],
        "ticket_remote_id=ticket_id remote_created_at=datetime member_name=who started_at=actionarrivaldate "
        "ended_at=actioncompletiondate hours=timetaken work_type=outcome",
        {
            "member_remote_id": agent("who_agentid"),
            "billable": lambda row, world: "Billable" if row["actisbillable"] else "Not billable",
            "notes": lambda row, world: None if row["hiddenfromuser"] else row["note"],
            "internal_notes": lambda row, world: row["note"] if row["hiddenfromuser"] else None,
            "body_format": format_of("note"),
        },
        empty="worked_on work_role",
        name=action_id,
    ),
}
