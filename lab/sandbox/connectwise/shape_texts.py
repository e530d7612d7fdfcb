"""The fields of each kind of record, as text; ``shapes`` says how to read it. ``!`` marks what a new record needs."""

from __future__ import annotations

TICKET = """
id=i summary!=s:100 recordType=s board=r status=r workRole=r workType=r company!=r site=r siteName=s:156
addressLine1=s:50 addressLine2=s:50 city=s:50 stateIdentifier=s:50 zip=s:12 country=r contact=r contactName=s:62
contactPhoneNumber=s:20 contactPhoneExtension=s:15 contactEmailAddress=s:250 type=r subType=r item=r team=r owner=r
priority=r serviceLocation=r source=r requiredDate=d budgetHours=n opportunity=r agreement=r agreementType=s severity=s
impact=s externalXRef=s:100 poNumber=s:50 knowledgeBaseCategoryId=i knowledgeBaseSubCategoryId=i
allowAllClientsPortalView=b customerUpdatedFlag=b automaticEmailContactFlag=b automaticEmailResourceFlag=b
automaticEmailCcFlag=b automaticEmailCc=s:1000 initialDescription=s- initialInternalAnalysis=s- initialResolution=s-
initialDescriptionFrom=s- contactEmailLookup=s- processNotifications=b- skipCallback=b- closedDate=d closedBy=s
closedFlag=b actualHours=n approved=b estimatedExpenseCost=n estimatedExpenseRevenue=n estimatedProductCost=n
estimatedProductRevenue=n estimatedTimeCost=n estimatedTimeRevenue=n billingMethod=s billingAmount=n hourlyRate=n
subBillingMethod=s subBillingAmount=n subDateAccepted=d dateResolved=d dateResplan=d dateResponded=d resolveMinutes=i
resPlanMinutes=i respondMinutes=i respondByGoalUTC=d resplanGoalUTC=d resolutionGoalUTC=d isInSla=b resources=s
parentTicketId=i hasChildTicket=b hasMergedChildTicketFlag=b billTime=s billExpenses=s billProducts=s
predecessorType=s predecessorId=i predecessorClosedFlag=b lagDays=i lagNonworkingDaysFlag=b estimatedStartDate=d
duration=i location=r department=r mobileGuid=s sla=r slaStatus=s requestForChangeFlag=b currency=r
mergedParentTicket=r integratorTags=a escalationStartDateUTC=d escalationLevel=i minutesBeforeWaiting=i
respondedSkippedMinutes=i resplanSkippedMinutes=i respondedHours=n respondedBy=s resplanHours=n resplanBy=s
resolutionHours=n resolvedBy=s minutesWaiting=i customFields=a _info=x
"""

NOTE = """
id=i ticketId=i text!=s detailDescriptionFlag=b internalAnalysisFlag=b resolutionFlag=b issueFlag=b member=r contact=r
customerUpdatedFlag=b processNotifications=b- dateCreated=d createdBy=s internalFlag=b externalFlag=b sentimentScore=n
_info=x
"""

ANY_NOTE = """
id=i noteType=s- ticket=r text=s isMarkdownFlag=b detailDescriptionFlag=b internalAnalysisFlag=b resolutionFlag=b
timeStart=d timeEnd=d bundledFlag=b mergedFlag=b issueFlag=b originalAuthor=s member=r contact=r _info=x
"""

TIME_ENTRY = """
id=i company=r companyType=s chargeToId=i chargeToType=s member=r location=r department=r workType=r workRole=r
agreement=r timeStart!=d timeEnd=d hoursDeduct=n actualHours=n billableOption=s notes=s internalNotes=s
addToDetailDescriptionFlag=b addToInternalAnalysisFlag=b addToResolutionFlag=b emailResourceFlag=b emailContactFlag=b
emailCcFlag=b emailCc=s hoursBilled=n invoiceHours=n enteredBy=s dateEntered=d invoice=r mobileGuid=s hourlyRate=n
status=s ticket=r project=r phase=r ticketBoard=s ticketStatus=s ticketType=s ticketSubType=s invoiceFlag=b
invoiceReady=i timeSheet=r territory=s customFields=a _info=x
"""

COMPANY = """
id=i identifier!=s:156 name!=s:156 status=r addressLine1=s:50 addressLine2=s:50 city=s:50 state=s:50 zip=s:12 country=r
phoneNumber=s:30 faxNumber=s:30 website=s:255 territory=r market=r accountNumber=s:100 defaultContact=r dateAcquired=d
annualRevenue=n numberOfEmployees=i yearEstablished=i revenueYear=i leadSource=s:50 leadFlag=b unsubscribeFlag=b
userDefinedField1=s:50 userDefinedField2=s:50 vendorIdentifier=s taxIdentifier=s billToCompany=r parentCompany=r
deletedFlag=b dateDeleted=d deletedBy=s mobileGuid=s currency=r territoryManager=r isVendorFlag=b types=a site=r
timeZoneSetup=r integratorTags=a customFields=a _info=x
"""

SITE = """
id=i name!=s:156 addressLine1=s:50 addressLine2=s:50 city=s:50 stateReference=r zip=s:12 country=r addressFormat=s
phoneNumber=s:30 phoneNumberExt=s faxNumber=s primaryAddressFlag=b defaultShippingFlag=b defaultBillingFlag=b
defaultMailingFlag=b inactiveFlag=b billSeparateFlag=b mobileGuid=s timeZone=r company=r customFields=a _info=x
"""

CONTACT = """
id=i firstName!=s:30 lastName=s:30 company=r site=r addressLine1=s:50 addressLine2=s:50 city=s:50 state=s:50 zip=s:12
country=r relationship=r relationshipOverride=s department=r inactiveFlag=b defaultMergeContactId=i title=s:100
nickName=s:30 marriedFlag=b childrenFlag=b portalSecurityLevel=i disablePortalLoginFlag=b unsubscribeFlag=b
presence=s mobileGuid=s defaultPhoneType=s defaultPhoneNbr=s defaultPhoneExtension=s defaultBillingFlag=b
defaultFlag=b userDefinedField1=s:50 companyLocation=r communicationItems=a types=a integratorTags=a customFields=a
ignoreDuplicates=b- typeIds=a _info=x
"""

MEMBER = """
id=i identifier!=s:15 disableOnlineFlag=b licenseClass=s notes=s inactiveDate=d inactiveFlag=b lastLogin=d firstName=s:30
middleInitial=s:30 lastName=s:30 hireDate=d officeEmail=s mobileEmail=s homeEmail=s defaultEmail=s primaryEmail=s
officePhone=s officeExtension=s mobilePhone=s defaultPhone=s securityRole=r title=s:100 type=r timeZone=r adminFlag=b
defaultLocation=r defaultDepartment=r reportsTo=r workRole=r workType=r dailyCapacity=n hourlyCost=n hourlyRate=n
serviceDefaultBoard=r teams=a serviceBoardTeamIds=a invoiceScreenDefaultTabFormat=s invoicingDisplayOptions=s
agreementInvoicingDisplayOptions=s customFields=a _info=x
"""

BOARD = """
id=i name!=s:50 location=r department=r inactiveFlag=b projectFlag=b sendToContactFlag=b sendToResourceFlag=b
showDependenciesFlag=b showEstimatesFlag=b workRole=r workType=r billTime=s billExpense=s billProduct=s
autoCloseStatus=r discussionsLockedFlag=b timeEntryLockedFlag=b markFirstNoteIssueFlag=b dispatchMember=r
serviceManagerMember=r notifyEmailFrom=s notifyEmailFromName=s connectWiseId=s _info=x
"""

TEXTS = {
    "ticket": TICKET,
    "serviceNote": NOTE,
    "serviceTicketNote": ANY_NOTE,
    "timeEntry": TIME_ENTRY,
    "company": COMPANY,
    "companySite": SITE,
    "contact": CONTACT,
    "member": MEMBER,
    "board": BOARD,
    "boardStatus": """
        id=i name!=s:50 board=r sortOrder=i displayOnBoard=b inactive=b closedStatus=b timeEntryNotAllowed=b
        roundRobinCatchall=b defaultFlag=b escalationStatus=s customerPortalDescription=s customerPortalFlag=b
        customStatusIndicatorName=s statusIndicator=r saveTimeAsNote=b connectWiseId=s _info=x""",
    "boardType": """
        id=i name!=s:50 category=s defaultFlag=b inactiveFlag=b requestForChangeFlag=b board=r location=r department=r
        connectWiseId=s _info=x""",
    "boardSubType": "id=i name!=s:50 inactiveFlag=b typeAssociationIds=a board=r connectWiseId=s _info=x",
    "boardItem": "id=i name!=s:50 inactiveFlag=b board=r connectWiseId=s _info=x",
    "boardTeam": """
        id=i name!=s:30 teamLeader=r members=a defaultFlag=b notifyOnTicketDelete=b boardId=i locationId=i
        businessUnitId=i connectWiseId=s _info=x""",
    "boardTypeSubTypeItemAssociation": "id=i type=r subType=r item=r board=r _info=x",
    "priority": "id=i name!=s:50 color=s sortOrder=i defaultFlag=b imageLink=s urgencySortOrder=s level=s _info=x",
    "source": "id=i name!=s:50 defaultFlag=b enteredBy=s dateEntered=d _info=x",
    "serviceLocation": "id=i name!=s:30 where=s defaultFlag=b _info=x",
    "companyStatus": """
        id=i name!=s:50 defaultFlag=b inactiveFlag=b notifyFlag=b disallowSavingFlag=b notificationMessage=s _info=x""",
    "companyType": "id=i name!=s:50 defaultFlag=b vendorFlag=b serviceAlertFlag=b serviceAlertMessage=s _info=x",
    "communicationType": """
        id=i description!=s:30 phoneFlag=b faxFlag=b emailFlag=b defaultFlag=b exchangeXref=s iphoneXref=s
        androidXref=s googleXref=s _info=x""",
    "workType": """
        id=i name!=s:30 billTime=s rateType=s rate=n hoursMin=n hoursMax=n roundBillHoursTo=n inactiveFlag=b
        overallDefaultFlag=b activityDefaultFlag=b utilizationFlag=b costMultiplier=n _info=x""",
    "workRole": "id=i name!=s:50 hourlyRate=n inactiveFlag=b addAllLocations=b locationIds=a _info=x",
    "userDefinedField": """
        id=i podId=i podDescription=s caption!=s:25 sequenceNumber=i helpText=s screenId=s screenDescription=s
        fieldTypeIdentifier=s numberDecimals=i entryTypeIdentifier=s requiredFlag=b displayOnScreenFlag=b readOnlyFlag=b
        listViewFlag=b options=a businessUnitIds=a locationIds=a connectWiseID=s dateCreated=d _info=x""",
}

ELEMENTS = {
    "communicationItems": "id=i type=r value=s extension=s defaultFlag=b domain=s communicationType=s",
    "types": "id=i name=s",
    "customFields": "id=i caption=s type=s entryMethod=s numberOfDecimals=i value=v",
}
