"""ConnectWise: the fields of OpenAPI 2026.4, and what its screens show of them."""

from __future__ import annotations

from typing import Any

from tests.sync.truth.rules import Json, Truth, World, at, caption

ADDRESS = "address_line1=addressLine1 address_line2=addressLine2 city=city postal_code=zip country=country.name"
COMPANY = "company_remote_id=company.id company_name=company.name"
CONTACT = "contact_remote_id=contact.id contact_name=contact.name"
ENTERED = "remote_created_at=_info.dateEntered"


def fields(row: Json, world: World) -> Any:
    return {
        str(one["id"]): (caption(one["caption"]), one["value"])
        for one in row.get("customFields") or ()
        if one.get("value") not in (None, "", []) and one.get("type") != "Password"
    }


def channels(kind: str) -> Any:
    def found(row: Json, world: World) -> list[Json]:
        return [
            {
                "type": at(one, "type.name"),
                "value": one["value"] + (f" x{one['extension']}" if one.get("extension") else ""),
                "default": bool(one.get("defaultFlag")),
            }
            for one in row.get("communicationItems") or ()
            if one["communicationType"] == kind
        ]

    return found


def phones(row: Json, world: World) -> list[Json]:
    found: list[Json] = channels("Phone")(row, world)
    if found or not row.get("defaultPhoneNbr"):
        return found
    return [{"type": row.get("defaultPhoneType") or "", "value": row["defaultPhoneNbr"], "default": True}]


def default_of(of: Any) -> Any:
    def found(row: Json, world: World) -> Any:
        listed = of(row, world)
        return next((one["value"] for one in listed if one["default"]), listed[0]["value"] if listed else None)

    return found


def address(row: Json, world: World) -> str:
    town = " ".join(filter(None, (row.get("city"), row.get("state"), row.get("zip"))))
    return "\n".join(filter(None, (row.get("addressLine1"), row.get("addressLine2"), town, at(row, "country.name"))))


def note_kind(row: Json, world: World) -> str:
    """The first note of the discussion is the ticket's description."""
    if row.get("resolutionFlag"):
        return "resolution"
    shown = [
        one["id"]
        for one in world.all("notes")
        if one["ticketId"] == row["ticketId"] and one.get("detailDescriptionFlag") and not one.get("resolutionFlag")
    ]
    if row["id"] == min(shown, default=None):
        return "description"
    return "internal" if row.get("internalAnalysisFlag") else "discussion"


def is_internal(row: Json, world: World) -> bool:
    public = row.get("resolutionFlag") or row.get("detailDescriptionFlag")
    return not public and bool(row.get("internalAnalysisFlag") or row.get("internalFlag"))


def subtypes_of_item(row: Json, world: World) -> list[str]:
    found = {at(one, "subType.id") for one in world.all("associations") if at(one, "item.id") == row["id"]}
    return [str(number) for number in sorted(found)]


SUMS = {
    "Agreement": "agreementAmount",
    "Services": "serviceTotal",
    "Adjustment of services": "serviceAdjustmentAmount",
    "Products": "productTotal",
    "Expenses": "expenseTotal",
}


def lines(row: Json, world: World) -> list[Any]:
    return [(words, row[name]) for words, name in SUMS.items() if row.get(name)]


def revenue(row: Json, world: World) -> Any:
    return at(world.forecasts(row["id"]), "forecastRevenueTotals.revenue")  # type: ignore[attr-defined]


def numbers(name: str) -> Any:
    return lambda row, world: [str(number) for number in sorted(row.get(name) or ())]


def phone_of_ticket(row: Json, world: World) -> Any:
    number, extension = row.get("contactPhoneNumber"), row.get("contactPhoneExtension")
    return f"{number} x{extension}" if number and extension else number


TICKET = (
    f"summary=summary board_remote_id=board.id board_name=board.name status_remote_id=status.id status_name=status.name "
    "priority_remote_id=priority.id priority_name=priority.name type_remote_id=type.id type_name=type.name "
    "subtype_remote_id=subType.id subtype_name=subType.name item_remote_id=item.id item_name=item.name "
    "team_remote_id=team.id team_name=team.name owner_remote_id=owner.id owner_name=owner.name resources=resources "
    f"{COMPANY} site_remote_id=site.id site_name=siteName|site.name contact_remote_id=contact.id "
    "contact_name=contactName|contact.name contact_email=contactEmailAddress source=source.name sla=sla.name "
    "severity=severity impact=impact is_closed=closedFlag is_in_sla=isInSla closed_at=closedDate closed_by=closedBy "
    f"required_on=requiredDate {ENTERED} entered_by=_info.enteredBy updated_by=_info.updatedBy budget_hours=budgetHours "
    "actual_hours=actualHours parent_ticket_remote_id=parentTicketId merged_into_remote_id=mergedParentTicket.id "
    "agreement=agreement.name external_reference=externalXRef"
)


def record_type(row: Json, world: World) -> str:
    return row.get("recordType") or ("ProjectIssue" if row.get("isIssueFlag") else "ProjectTicket")


OF_BOARD = "name=name is_active=!inactiveFlag board_remote_id=board.id"
TRUTH = {
    "boards": Truth(
        ("boards",),
        "name=name is_active=!inactiveFlag is_project=projectFlag location=location.name department=department.name",
    ),
    "statuses": Truth(
        ("statuses",),
        "name=name is_active=!inactive board_remote_id=board.id is_closed=closedStatus is_default=defaultFlag sort_order=sortOrder",
    ),
    "types": Truth(("types",), OF_BOARD, empty="parent_ids"),
    "subtypes": Truth(("subtypes",), OF_BOARD, {"parent_ids": numbers("typeAssociationIds")}),
    "items": Truth(("items",), OF_BOARD, {"parent_ids": subtypes_of_item}),
    "teams": Truth(
        ("teams",),
        "name=name board_remote_id=boardId",
        {"member_ids": numbers("members"), "is_active": lambda row, world: True},
    ),
    "priorities": Truth(
        ("priorities",),
        "name=name color=color level=level sort_order=sortOrder",
        {"is_active": lambda row, world: True},
    ),
    "members": Truth(
        ("members",),
        "identifier=identifier email=officeEmail title=title time_zone=timeZone.name is_active=!inactiveFlag",
        {"name": lambda row, world: f"{row['firstName']} {row['lastName']}".strip()},
    ),
    "company_statuses": Truth(("company_statuses",), "name=name is_active=!inactiveFlag is_default=defaultFlag"),
    "company_types": Truth(
        ("company_types",),
        "name=name is_default=defaultFlag is_vendor=vendorFlag",
        {"is_active": lambda row, world: True},
    ),
    "companies": Truth(
        lambda world: [row for row in world.all("companies") if not row["deletedFlag"]],
        f"{ADDRESS} state=state identifier=identifier name=name status_remote_id=status.id status_name=status.name "
        f"phone=phoneNumber website=website territory=territory.name {ENTERED}",
        {
            "type_remote_ids": lambda row, world: [str(one["id"]) for one in row["types"]],
            "type_names": lambda row, world: [one["name"] for one in row["types"]],
            "custom_fields": fields,
        },
    ),
    "sites": Truth(
        ("sites",),
        f"{ADDRESS} state=stateReference.identifier company_remote_id=company.id name=name phone=phoneNumber "
        "time_zone=timeZone.name is_primary=primaryAddressFlag is_active=!inactiveFlag",
    ),
    "contacts": Truth(
        ("contacts",),
        f"{COMPANY} site_remote_id=site.id first_name=firstName last_name=lastName title=title is_active=!inactiveFlag "
        "is_default=defaultFlag",
        {
            "type_names": lambda row, world: [one["name"] for one in row["types"]],
            "emails": channels("Email"),
            "phones": phones,
            "email": default_of(channels("Email")),
            "phone": default_of(phones),
            "address": address,
            "custom_fields": fields,
        },
    ),
    "assets": Truth(
        ("configurations",),
        f"name=name type_name=type.name status_name=status.name {COMPANY} site_remote_id=site.id site_name=site.name {CONTACT} "
        "location=location.name manufacturer=manufacturer.name model=modelNumber serial_number=serialNumber tag=tagNumber "
        "ip_address=ipAddress mac_address=macAddress last_user=lastLoginName purchased_on=purchaseDate "
        "installed_on=installationDate warranty_expires_on=warrantyExpirationDate notes=notes is_active=activeFlag "
        f"{ENTERED}",
        {
            "operating_system": lambda row, world: " ".join(filter(None, (row.get("osType"), row.get("osInfo")))),
            "custom_fields": fields,
            "body_format": lambda row, world: "plain",
        },
    ),
    "products": Truth(
        ("catalog",),
        "identifier=identifier name=description description=customerDescription category=category.name "
        "manufacturer=manufacturer.name unit_price=price unit_cost=cost is_active=!inactiveFlag",
        {"custom_fields": fields, "body_format": lambda row, world: "plain"},
        empty="currency",
    ),
    "agreements": Truth(
        ("agreements",),
        f"name=name type_name=type.name status_name=agreementStatus {COMPANY} site_remote_id=site.id {CONTACT} "
        "parent_agreement_remote_id=parentAgreement.id starts_on=startDate billing_cycle=billingCycle.name amount=billAmount "
        f"currency=currency.name purchase_order=customerPO notes=internalNotes {ENTERED}",
        {
            "is_active": lambda row, world: row["agreementStatus"] == "Active" and not row["cancelledFlag"],
            "ends_on": lambda row, world: None if row["noEndingDateFlag"] else row["endDate"],
            "cancelled_on": lambda row, world: row["dateCancelled"] if row["cancelledFlag"] else None,
            "custom_fields": fields,
            "body_format": lambda row, world: "plain",
        },
    ),
    "agreement_additions": Truth(
        ("additions",),
        "agreement_remote_id=agreementId product_remote_id=product.id product_name=product.name|product.identifier "
        "description=description quantity=quantity included=lessIncluded unit_price=unitPrice unit_cost=unitCost "
        "total=extPrice billing=billCustomer starts_on=effectiveDate ends_on=cancelledDate serial_number=serialNumber",
        {"custom_fields": fields},
    ),
    "invoices": Truth(
        ("invoices",),
        f"number=invoiceNumber type_name=type status_name=status.name {COMPANY} agreement_remote_id=agreement.id "
        "ticket_remote_id=ticket.id invoiced_on=date due_on=dueDate subtotal=subtotal tax=salesTax total=total "
        f"balance=balance currency=currency.name purchase_order=customerPO reference=reference {ENTERED}",
        {
            "paid": lambda row, world: round(row["payments"] + row["credits"], 2),
            "lines": lines,
            "custom_fields": fields,
        },
    ),
    "opportunity_statuses": Truth(
        ("opportunity_statuses",),
        "name=name is_active=!inactiveFlag is_closed=closedFlag is_won=wonFlag is_lost=lostFlag",
    ),
    "opportunities": Truth(
        ("opportunities",),
        "name=name type_name=type.name stage_name=stage.name status_remote_id=status.id status_name=status.name "
        f"rating=rating.name currency=currency.name {COMPANY} site_remote_id=site.id {CONTACT} "
        "owner_remote_id=primarySalesRep.id owner_name=primarySalesRep.name source=source "
        f"expected_close_on=expectedCloseDate closed_at=closedDate notes=notes {ENTERED}",
        {
            "probability": lambda row, world: int(row["probability"]["name"]),
            "custom_fields": fields,
            "body_format": lambda row, world: "plain",
        },
        apart={"value": "the sandbox works it out when its forecast is asked for: test_forecasts.py"},
    ),
    "tickets": Truth(
        ("tickets", "project_tickets"),
        TICKET,
        {
            "record_type": record_type,
            "contact_phone": phone_of_ticket,
            "custom_fields": fields,
            "body_format": lambda row, world: "plain",
        },
        empty="description resolution required_at",
    ),
    "notes": Truth(
        ("notes",),
        "ticket_remote_id=ticketId member_remote_id=member.id contact_remote_id=contact.id text=text "
        "remote_created_at=dateCreated author=member.name|contact.name|createdBy",
        {"kind": note_kind, "is_internal": is_internal, "body_format": lambda row, world: "markdown"},
    ),
    "time_entries": Truth(
        lambda world: [
            row for row in world.all("time_entries") if row.get("chargeToType") in ("ServiceTicket", "ProjectTicket")
        ],
        "ticket_remote_id=chargeToId member_remote_id=member.id member_name=member.name started_at=timeStart ended_at=timeEnd "
        "hours=actualHours billable=billableOption work_type=workType.name work_role=workRole.name notes=notes "
        "internal_notes=internalNotes remote_created_at=dateEntered",
        {"body_format": lambda row, world: "markdown"},
        empty="worked_on",
    ),
}
