"""Autotask: the fields of the vendor's Swagger, pick lists by their labels, and what its screens show of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from lab.sandbox.autotask import picks
from tests.sync.truth.rules import Json, Truth, World, caption

ADDRESS = "address_line1=address1 address_line2=address2 city=city state=state postal_code=postalCode"
COMPANY = "company_remote_id=companyID"
CONTACT = "contact_remote_id=contactID"
COMPLETE = 5
PERIODS = {"m": "Monthly", "q": "Quarterly", "s": "Half-yearly", "y": "Yearly", "o": "Once"}


def always(value: Any) -> Any:
    return lambda row, world: value


def pick(choices: tuple[picks.Pick, ...], name: str) -> Any:
    return lambda row, world: next((one.label for one in choices if one.value == row.get(name)), None)


def listed(choices: tuple[picks.Pick, ...]) -> Any:
    return lambda world: [
        {
            "id": one.value,
            "name": one.label,
            "active": one.active,
            "order": one.order,
            "parent": one.parent,
            "first": one.default,
        }
        for one in choices
    ]


def person(collection: str, name: str) -> Any:
    def found(row: Json, world: World) -> str:
        one = world.find(collection, row.get(name))
        return f"{one.get('firstName') or ''} {one.get('lastName') or ''}".strip()

    return found


def called(collection: str, name: str, label: str) -> Any:
    return lambda row, world: world.find(collection, row.get(name)).get(label)


COMPANY_NAME = {"company_name": called("companies", "companyID", "companyName")}
CONTACT_NAME = {"contact_name": person("contacts", "contactID")}
COUNTRY = {"country": called("countries", "countryID", "displayName")}


def fields(entity: str) -> Any:
    options = {
        one.name: {str(choice.value): choice.label for choice in one.options}
        for one in picks.USER_FIELDS
        if one.entity == entity
    }

    def found(row: Json, world: World) -> Any:
        return {
            one["name"]: (caption(one["name"]), options.get(one["name"], {}).get(str(one["value"]), one["value"]))
            for one in row.get("userDefinedFields") or ()
            if one["value"] not in (None, "")
        }

    return found


def with_extension(row: Json) -> Any:
    number, extension = row.get("phone"), row.get("extension")
    return f"{number} x{extension}" if number and extension else number


def channels(*named: tuple[str, Any]) -> Any:
    def found(row: Json, world: World) -> list[Json]:
        values = [(kind, name(row) if callable(name) else row.get(name)) for kind, name in named]
        return [
            {"type": kind, "value": value, "default": place == 0}
            for place, (kind, value) in enumerate((kind, value) for kind, value in values if value)
        ]

    return found


EMAILS = channels(("Email", "emailAddress"), ("Email 2", "emailAddress2"), ("Email 3", "emailAddress3"))
PHONES = channels(("Phone", with_extension), ("Mobile", "mobilePhone"), ("Alternate", "alternatePhone"))


def first_of(of: Any) -> Any:
    return lambda row, world: next((one["value"] for one in of(row, world)), None)


def address(row: Json, world: World) -> str:
    town = " ".join(filter(None, (row["city"], row["state"], row["zipCode"])))
    country = world.find("countries", row["countryID"]).get("displayName")
    return "\n".join(filter(None, (row["addressLine"], row["addressLine1"], town, country)))


def unit(name: str) -> Any:
    """Of the period that is running today."""

    def found(row: Json, world: World) -> Any:
        today = f"{dt.datetime.now(dt.UTC):%Y-%m-%d}T00:00:00Z"
        running = [
            one
            for one in world.all("contract_units")
            if one["contractServiceID"] == row["id"] and one["startDate"] <= today <= one["endDate"]
        ]
        return max(running, key=lambda one: int(one["id"]))[name] if running else None

    return found


def items(row: Json, world: World) -> list[Json]:
    return [one for one in world.all("billing_items") if one["invoiceID"] == row["id"]]


def agreement_of(row: Json, world: World) -> Any:
    found = {one["contractID"] for one in items(row, world)} - {None}
    return str(found.pop()) if len(found) == 1 else None


def asset_type(row: Json, world: World) -> Any:
    own = pick(picks.ASSET_TYPES, "configurationItemType")(row, world)
    return own or pick(picks.ASSET_CATEGORIES, "configurationItemCategoryID")(row, world)


def maker(row: Json, world: World) -> Any:
    own = pick(picks.MAKERS, "rmmDeviceAuditManufacturerID")(row, world)
    return own or world.find("products", row["productID"]).get("manufacturerName")


def products(world: World) -> list[Json]:
    return [*world.all("products"), *({**row, "service": True} for row in world.all("services"))]


def product_fields(row: Json, world: World) -> Any:
    return {} if row.get("service") else fields("Products")(row, world)


def helpers(row: Json, world: World) -> str:
    named = person("members", "resourceID")
    return ", ".join(named(one, world) for one in world.all("secondary_resources") if one["ticketID"] == row["id"])


def contact_phone(row: Json, world: World) -> Any:
    return with_extension(world.find("contacts", row["contactID"]))


def author(row: Json, world: World) -> str:
    return person("contacts", "createdByContactID")(row, world) or person("members", "creatorResourceID")(row, world)


PICK = "name=name is_active=active"
PLAIN = {"body_format": always("plain")}
TRUTH = {
    "boards": Truth(listed(picks.QUEUES), PICK, empty="is_project location department"),
    "statuses": Truth(
        listed(picks.STATUSES),
        f"{PICK} is_default=first sort_order=order",
        {"is_closed": lambda row, world: row["id"] == COMPLETE},
        empty="board_remote_id",
    ),
    "priorities": Truth(listed(picks.PRIORITIES), f"{PICK} sort_order=order", empty="color level"),
    "types": Truth(listed(picks.ISSUE_TYPES), PICK, empty="board_remote_id parent_ids"),
    "subtypes": Truth(
        listed(picks.SUB_ISSUE_TYPES),
        PICK,
        {"parent_ids": lambda row, world: [str(row["parent"])]},
        empty="board_remote_id",
    ),
    "company_types": Truth(listed(picks.COMPANY_TYPES), f"{PICK} is_default=first", empty="is_vendor"),
    "opportunity_statuses": Truth(
        listed(picks.OPPORTUNITY_STATUSES),
        PICK,
        {
            "is_closed": lambda row, world: row["name"] in ("Lost", "Closed", "Implemented"),
            "is_won": lambda row, world: row["name"] in ("Closed", "Implemented"),
            "is_lost": lambda row, world: row["name"] == "Lost",
        },
    ),
    "members": Truth(
        ("members",),
        "identifier=userName email=email title=title is_active=isActive",
        {"name": lambda row, world: f"{row['firstName']} {row['lastName']}".strip()},
        empty="time_zone",
    ),
    "companies": Truth(
        ("companies",),
        f"{ADDRESS} identifier=companyNumber name=companyName phone=phone website=webAddress remote_created_at=createDate",
        {
            **COUNTRY,
            "status_name": lambda row, world: "Active" if row["isActive"] else "Inactive",
            "type_remote_ids": lambda row, world: [str(row["companyType"])],
            "type_names": lambda row, world: [pick(picks.COMPANY_TYPES, "companyType")(row, world)],
            "territory": pick(picks.TERRITORIES, "territoryID"),
            "custom_fields": fields("Companies"),
        },
        empty="status_remote_id",
    ),
    "sites": Truth(
        ("sites",),
        f"{ADDRESS} {COMPANY} name=name phone=phone is_primary=isPrimary is_active=isActive",
        COUNTRY,
        empty="time_zone",
    ),
    "contacts": Truth(
        ("contacts",),
        f"{COMPANY} site_remote_id=companyLocationID first_name=firstName last_name=lastName title=title is_active=isActive "
        "is_default=primaryContact",
        {
            **COMPANY_NAME,
            "emails": EMAILS,
            "phones": PHONES,
            "email": first_of(EMAILS),
            "phone": first_of(PHONES),
            "address": address,
            "custom_fields": fields("Contacts"),
        },
        empty="type_names",
    ),
    "assets": Truth(
        ("assets",),
        f"{COMPANY} {CONTACT} site_remote_id=companyLocationID location=location serial_number=serialNumber "
        "tag=referenceNumber operating_system=rmmDeviceAuditOperatingSystem ip_address=rmmDeviceAuditIPAddress "
        "mac_address=rmmDeviceAuditMacAddress last_user=rmmDeviceAuditLastUser installed_on=installDate "
        "warranty_expires_on=warrantyExpirationDate notes=notes remote_created_at=createDate is_active=isActive",
        {
            **COMPANY_NAME,
            **CONTACT_NAME,
            **PLAIN,
            "name": lambda row, world: (
                row["referenceTitle"] or row["rmmDeviceAuditHostname"] or f"Configuration item {row['id']}"
            ),
            "type_name": asset_type,
            "status_name": lambda row, world: "Active" if row["isActive"] else "Inactive",
            "manufacturer": maker,
            "model": called("products", "productID", "name"),
            "custom_fields": fields("ConfigurationItems"),
        },
        empty="site_name purchased_on",
    ),
    "products": Truth(
        products,
        "identifier=internalProductID|sku name=name description=description manufacturer=manufacturerName unit_price=unitPrice "
        "unit_cost=unitCost is_active=isActive",
        {
            **PLAIN,
            "category": lambda row, world: (
                "Service" if row.get("service") else pick(picks.PRODUCT_CATEGORIES, "productCategory")(row, world)
            ),
            "custom_fields": product_fields,
        },
        empty="currency",
        name=lambda row: f"s{row['id']}" if row.get("service") else str(row["id"]),
    ),
    "agreements": Truth(
        ("contracts",),
        f"name=contractName {COMPANY} {CONTACT} starts_on=startDate ends_on=endDate purchase_order=purchaseOrderNumber "
        "notes=description",
        {
            **COMPANY_NAME,
            **CONTACT_NAME,
            **PLAIN,
            "type_name": pick(picks.CONTRACT_TYPES, "contractType"),
            "status_name": pick(picks.CONTRACT_STATUSES, "status"),
            "is_active": lambda row, world: row["status"] == 1,
            "billing_cycle": lambda row, world: PERIODS.get(row.get("contractPeriodType") or ""),
            "custom_fields": fields("Contracts"),
        },
        empty="site_remote_id parent_agreement_remote_id cancelled_on amount currency remote_created_at",
    ),
    "agreement_additions": Truth(
        ("contract_services",),
        "agreement_remote_id=contractID description=invoiceDescription|internalDescription unit_price=unitPrice unit_cost=unitCost",
        {
            "product_remote_id": lambda row, world: f"s{row['serviceID']}",
            "product_name": called("services", "serviceID", "name"),
            "quantity": unit("units"),
            "total": unit("price"),
        },
        empty="included billing starts_on ends_on serial_number custom_fields",
    ),
    "invoices": Truth(
        ("invoices",),
        f"number=invoiceNumber {COMPANY} invoiced_on=invoiceDateTime due_on=dueDate tax=totalTaxValue total=invoiceTotal "
        "purchase_order=orderNumber reference=comments remote_created_at=createDateTime",
        {
            **COMPANY_NAME,
            "status_name": lambda row, world: "Voided" if row["isVoided"] else "Paid" if row["paidDate"] else "Open",
            "agreement_remote_id": agreement_of,
            "subtotal": lambda row, world: float(
                Decimal(str(row["invoiceTotal"])) - Decimal(str(row["totalTaxValue"]))
            ),
            "paid": lambda row, world: row["invoiceTotal"] if row["paidDate"] else None,
            "balance": lambda row, world: 0.0 if row["paidDate"] or row["isVoided"] else None,
            "lines": lambda row, world: [(one["itemName"], one["extendedPrice"]) for one in items(row, world)],
        },
        empty="type_name ticket_remote_id currency custom_fields",
    ),
    "opportunities": Truth(
        ("opportunities",),
        f"name=title status_remote_id=status probability=probability value=amount {COMPANY} {CONTACT} "
        "owner_remote_id=ownerResourceID expected_close_on=projectedCloseDate closed_at=closedDate notes=description "
        "remote_created_at=createDate",
        {
            **COMPANY_NAME,
            **CONTACT_NAME,
            **PLAIN,
            "stage_name": pick(picks.STAGES, "stage"),
            "status_name": pick(picks.OPPORTUNITY_STATUSES, "status"),
            "rating": pick(picks.RATINGS, "rating"),
            "owner_name": person("members", "ownerResourceID"),
            "source": pick(picks.LEAD_SOURCES, "leadSource"),
            "custom_fields": fields("Opportunities"),
        },
        empty="type_name currency site_remote_id",
    ),
    "tickets": Truth(
        ("tickets",),
        "summary=title description=description resolution=resolution board_remote_id=queueID status_remote_id=status "
        "priority_remote_id=priority type_remote_id=issueType subtype_remote_id=subIssueType "
        f"owner_remote_id=assignedResourceID {COMPANY} {CONTACT} site_remote_id=companyLocationID "
        "is_in_sla=serviceLevelAgreementHasBeenMet closed_at=completedDate required_at=dueDateTime "
        "remote_created_at=createDate budget_hours=estimatedHours parent_ticket_remote_id=problemTicketId "
        "external_reference=ticketNumber",
        {
            **COMPANY_NAME,
            **CONTACT_NAME,
            **PLAIN,
            "record_type": pick(picks.TICKET_TYPES, "ticketType"),
            "board_name": pick(picks.QUEUES, "queueID"),
            "status_name": pick(picks.STATUSES, "status"),
            "priority_name": pick(picks.PRIORITIES, "priority"),
            "type_name": pick(picks.ISSUE_TYPES, "issueType"),
            "subtype_name": pick(picks.SUB_ISSUE_TYPES, "subIssueType"),
            "owner_name": person("members", "assignedResourceID"),
            "resources": helpers,
            "contact_email": called("contacts", "contactID", "emailAddress"),
            "contact_phone": contact_phone,
            "source": pick(picks.SOURCES, "source"),
            "sla": pick(picks.SLAS, "serviceLevelAgreementID"),
            "is_closed": lambda row, world: row["status"] == COMPLETE,
            "closed_by": person("members", "completedByResourceID"),
            "entered_by": person("members", "creatorResourceID"),
            "updated_by": person("members", "lastActivityResourceID"),
            "agreement": called("contracts", "contractID", "contractName"),
            "custom_fields": fields("Tickets"),
        },
        empty="item_remote_id item_name team_remote_id team_name site_name severity impact required_on actual_hours "
        "merged_into_remote_id",
    ),
    "notes": Truth(
        ("notes",),
        "ticket_remote_id=ticketID member_remote_id=creatorResourceID contact_remote_id=createdByContactID "
        "remote_created_at=createDateTime",
        {
            **PLAIN,
            "text": lambda row, world: "\n\n".join(filter(None, (row["title"], row["description"]))),
            "kind": lambda row, world: "internal" if row["publish"] in (2, 4) else "discussion",
            "is_internal": lambda row, world: row["publish"] in (2, 4),
            "author": author,
        },
    ),
    "time_entries": Truth(
        lambda world: [row for row in world.all("time_entries") if row["ticketID"]],
        "ticket_remote_id=ticketID member_remote_id=resourceID remote_created_at=createDateTime worked_on=dateWorked "
        "started_at=startDateTime ended_at=endDateTime hours=hoursWorked notes=summaryNotes internal_notes=internalNotes",
        {
            **PLAIN,
            "member_name": person("members", "resourceID"),
            "billable": lambda row, world: "Non-billable" if row["isNonBillable"] else "Billable",
            "work_type": called("work_types", "billingCodeID", "name"),
            "work_role": called("roles", "roleID", "name"),
        },
    ),
}
