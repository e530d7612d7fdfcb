"""Which fields each entity has, of which type. Source: vendor Swagger (2020–2026) and live field information.

Types: i whole number, n number, s text, b truth, d date and time. A number may be a pick list's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lab.sandbox.autotask import picks
from lab.sandbox.autotask.picks import USER_FIELDS, Pick

DATA_TYPES = {"i": "integer", "n": "decimal", "s": "string", "b": "boolean", "d": "datetime"}
_TEXTS = {
    "Tickets": "id:i apiVendorID:i assignedResourceID:i assignedResourceRoleID:i billingCodeID:i changeInfoField1:s "
    "companyID:i companyLocationID:i completedByResourceID:i completedDate:d configurationItemID:i contactID:i contractID:i "
    "createDate:d createdByContactID:i creatorResourceID:i creatorType:i description:s dueDateTime:d estimatedHours:n "
    "externalID:s firstResponseDateTime:d hoursToBeScheduled:n issueType:i lastActivityDate:d lastActivityPersonType:i "
    "lastActivityResourceID:i lastCustomerVisibleActivityDateTime:d lastTrackedModificationDateTime:d monitorID:i "
    "opportunityID:i priority:i problemTicketId:i projectID:i purchaseOrderNumber:s queueID:i resolution:s "
    "resolvedDateTime:d resolvedDueDateTime:d rmmAlertID:s serviceLevelAgreementHasBeenMet:b serviceLevelAgreementID:i "
    "source:i status:i subIssueType:i ticketCategory:i ticketNumber:s ticketType:i title:s",
    "TicketNotes": "id:i createDateTime:d createdByContactID:i creatorResourceID:i description:s "
    "impersonatorCreatorResourceID:i lastActivityDate:d noteType:i publish:i ticketID:i title:s",
    "TimeEntries": "id:i billingCodeID:i contractID:i createDateTime:d creatorUserID:i dateWorked:d endDateTime:d "
    "hoursToBill:n hoursWorked:n internalNotes:s isNonBillable:b lastModifiedDateTime:d lastModifiedUserID:i offsetHours:n "
    "resourceID:i roleID:i showOnInvoice:b startDateTime:d summaryNotes:s taskID:i ticketID:i timeEntryType:i",
    "Companies": "id:i additionalAddressInformation:s address1:s address2:s alternatePhone1:s city:s classification:i "
    "companyName:s companyNumber:s companyType:i countryID:i createDate:d fax:s isActive:b lastActivityDate:d "
    "lastTrackedModifiedDateTime:d ownerResourceID:i parentCompanyID:i phone:s postalCode:s state:s territoryID:i "
    "webAddress:s",
    "CompanyLocations": "id:i address1:s address2:s city:s companyID:i countryID:i description:s isActive:b isPrimary:b "
    "name:s phone:s postalCode:s state:s",
    "Contacts": "id:i addressLine:s addressLine1:s alternatePhone:s city:s companyID:i companyLocationID:i countryID:i "
    "createDate:d emailAddress:s emailAddress2:s emailAddress3:s extension:s externalID:s firstName:s isActive:i "
    "lastActivityDate:d lastModifiedDate:d lastName:s mobilePhone:s phone:s primaryContact:b state:s title:s zipCode:s",
    "Resources": "id:i defaultServiceDeskRoleID:i email:s firstName:s hireDate:d isActive:b lastName:s licenseType:i "
    "locationID:i officePhone:s resourceType:s title:s userName:s userType:i",
    "Roles": "id:i description:s hourlyFactor:n hourlyRate:n isActive:b isSystemRole:b name:s roleType:i",
    "BillingCodes": "id:i externalNumber:s isActive:b name:s unitCost:n unitPrice:n useType:i",
    "Countries": "id:i countryCode:s displayName:s isActive:b isDefaultCountry:b name:s",
    "Contracts": "id:i companyID:i contactID:i contractCategory:i contractName:s contractNumber:s contractPeriodType:s "
    "contractType:i description:s endDate:d purchaseOrderNumber:s startDate:d status:i",
    "ConfigurationItems": "id:i companyID:i companyLocationID:i configurationItemCategoryID:i configurationItemType:i "
    "contactID:i createDate:d installDate:d isActive:b lastModifiedTime:d location:s notes:s productID:i referenceNumber:s "
    "referenceTitle:s rmmDeviceAuditHostname:s rmmDeviceAuditIPAddress:s rmmDeviceAuditLastUser:s "
    "rmmDeviceAuditMacAddress:s rmmDeviceAuditManufacturerID:i rmmDeviceAuditModelID:i rmmDeviceAuditOperatingSystem:s "
    "serialNumber:s warrantyExpirationDate:d",
    "Products": "id:i description:s internalProductID:s isActive:b manufacturerName:s name:s productCategory:i sku:s "
    "unitCost:n unitPrice:n",
    "Services": "id:i description:s isActive:b lastModifiedDate:d name:s unitCost:n unitPrice:n",
    "ContractServices": "id:i contractID:i internalDescription:s invoiceDescription:s serviceID:i unitCost:n unitPrice:n",
    "ContractServiceUnits": "id:i contractID:i contractServiceID:i cost:n endDate:d price:n serviceID:i startDate:d units:i",
    "Invoices": "id:i comments:s companyID:i createDateTime:d dueDate:d invoiceDateTime:d invoiceNumber:s invoiceTotal:n "
    "isVoided:b orderNumber:s paidDate:d totalTaxValue:n",
    "TicketSecondaryResources": "id:i resourceID:i roleID:i ticketID:i",
    "BillingItems": "id:i contractID:i description:s extendedPrice:n invoiceID:i itemName:s quantity:n rate:n",
    "Opportunities": "id:i amount:n closedDate:d companyID:i contactID:i createDate:d description:s lastActivity:d "
    "leadSource:i opportunityCategoryID:i ownerResourceID:i probability:i projectedCloseDate:d rating:i stage:i status:i "
    "title:s",
    "DeletedTicketLogs": "id:i deletedByResourceID:i deletedDateTime:d ticketID:i ticketNumber:s ticketTitle:s",
    "DeletedTicketActivityLogs": "id:i activityDateTime:d createdByResourceID:i deletedByResourceID:i deletedDateTime:d "
    "endDateTime:d hoursWorked:n noteOrAttachmentTitle:s startDateTime:d ticketID:i ticketNumber:s typeID:i",
}
FIELDS: dict[str, dict[str, str]] = {
    entity: dict(pair.split(":") for pair in text.split()) for entity, text in _TEXTS.items()
}
NOUNS = {
    "Tickets": "Ticket",
    "TicketNotes": "TicketNote",
    "TicketSecondaryResources": "TicketSecondaryResource",
    "TimeEntries": "TimeEntry",
    "Companies": "Company",
    "CompanyLocations": "CompanyLocation",
    "Contacts": "Contact",
    "Countries": "Country",
    "Opportunities": "Opportunity",
}
NOT_QUERYABLE = frozenset({("Tickets", "creatortype"), ("Tickets", "lastactivitypersontype")})
_PICKS: dict[tuple[str, str], tuple[Pick, ...]] = {
    ("Tickets", "queueID"): picks.QUEUES,
    ("Tickets", "status"): picks.STATUSES,
    ("Tickets", "priority"): picks.PRIORITIES,
    ("Tickets", "issueType"): picks.ISSUE_TYPES,
    ("Tickets", "subIssueType"): picks.SUB_ISSUE_TYPES,
    ("Tickets", "ticketType"): picks.TICKET_TYPES,
    ("Tickets", "source"): picks.SOURCES,
    ("Tickets", "serviceLevelAgreementID"): picks.SLAS,
    ("TicketNotes", "publish"): picks.PUBLISH,
    ("TicketNotes", "noteType"): picks.NOTE_TYPES,
    ("Companies", "companyType"): picks.COMPANY_TYPES,
    ("Companies", "territoryID"): picks.TERRITORIES,
    ("ConfigurationItems", "configurationItemType"): picks.ASSET_TYPES,
    ("ConfigurationItems", "configurationItemCategoryID"): picks.ASSET_CATEGORIES,
    ("ConfigurationItems", "rmmDeviceAuditManufacturerID"): picks.MAKERS,
    ("Products", "productCategory"): picks.PRODUCT_CATEGORIES,
    ("Contracts", "contractType"): picks.CONTRACT_TYPES,
    ("Contracts", "status"): picks.CONTRACT_STATUSES,
    ("Opportunities", "status"): picks.OPPORTUNITY_STATUSES,
    ("Opportunities", "stage"): picks.STAGES,
    ("Opportunities", "rating"): picks.RATINGS,
    ("Opportunities", "leadSource"): picks.LEAD_SOURCES,
}


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    type: str


def noun(entity: str) -> str:
    return NOUNS.get(entity, entity.removesuffix("s"))


def field(entity: str, name: str) -> Field | None:
    """The entity's field; upper and lower case are one. None for an unknown or not queryable one."""
    if (entity, name.lower()) in NOT_QUERYABLE:
        return None
    found = next((known for known in FIELDS[entity] if known.lower() == name.lower()), None)
    return None if found is None else Field(found, FIELDS[entity][found])


def information(entity: str) -> list[dict[str, Any]]:
    """What ``entityInformation/fields`` lists. Pick values are text here, and numbers in records."""
    return [
        {
            "name": name,
            "dataType": DATA_TYPES[kind],
            "length": 8000 if kind == "s" else 0,
            "isRequired": name in ("id", "title", "companyID", "status"),
            "isReadOnly": name == "id",
            "isQueryable": (entity, name.lower()) not in NOT_QUERYABLE,
            "isReference": name.endswith("ID") and (entity, name) not in _PICKS,
            "referenceEntityType": "",
            "isPickList": (entity, name) in _PICKS,
            "picklistValues": _values(_PICKS[entity, name]) if (entity, name) in _PICKS else None,
            "picklistParentValueField": "issueType" if name == "subIssueType" else "",
            "isSupportedWebhookField": False,
        }
        for name, kind in FIELDS[entity].items()
    ]


def user_information(entity: str) -> list[dict[str, Any]]:
    """What ``entityInformation/userDefinedFields`` lists."""
    return [
        {
            "name": known.name,
            "label": known.name,
            "type": known.type,
            "length": 8000,
            "isPickList": bool(known.options),
            "picklistValues": _values(known.options) if known.options else None,
        }
        for known in USER_FIELDS
        if known.entity == entity
    ]


def _values(options: tuple[Pick, ...]) -> list[dict[str, Any]]:
    return [
        {
            "value": str(pick.value),
            "label": pick.label,
            "isDefaultValue": pick.default,
            "sortOrder": pick.order,
            "parentValue": "" if pick.parent is None else str(pick.parent),
            "isActive": pick.active,
            "isSystem": pick.value in (picks.NEW, picks.COMPLETE),
        }
        for pick in options
    ]
