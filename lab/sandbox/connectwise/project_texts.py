"""The fields of projects and their tickets, and of what hangs on tickets. Read by ``shapes``, which explains the notation."""

from __future__ import annotations

PROJECT = """
id=i actualEnd=d actualHours=n actualStart=d agreement=r billExpenses=s billingAmount=n billingMethod!=s
billingRateType=s billProducts=s billProjectAfterClosedFlag=b billTime=s billToCompany=r billToContact=r billToSite=r
board!=r budgetAnalysis=s budgetFlag=b budgetHours=n company!=r contact=r customerPO=s description=s currency=r
downpayment=n estimatedEnd!=d percentComplete=n estimatedHours=n estimatedStart!=d location=r department=r manager=r
name!=s:100 opportunity=r projectTemplateId=i scheduledEnd=d scheduledHours=n scheduledStart=d site=r status=r
closedFlag=b type=r doNotDisplayInPortalFlag=b companyLocation=r _info=x customFields=a
"""

PROJECT_TICKET = """
id=i summary!=s:100 isIssueFlag=b board=r status=r workRole=r workType=r project=r phase!=r wbsCode=s company=r site=r
siteName=s:156 addressLine1=s addressLine2=s city=s stateIdentifier=s zip=s:12 country=r contact=r contactName=s:62
contactPhoneNumber=s:20 contactPhoneExtension=s contactEmailAddress=s:250 type=r subType=r item=r owner=r priority=r
serviceLocation=r source=r requiredDate=d budgetHours=n opportunity=r agreement=r agreementType=s
customerUpdatedFlag=b automaticEmailContactFlag=b automaticEmailResourceFlag=b automaticEmailCcFlag=b
automaticEmailCc=s:1000 closedDate=s closedBy=s closedFlag=b actualHours=n approved=b subBillingMethod=s
subBillingAmount=n subDateAccepted=s resources=s billTime=s billExpenses=s billProducts=s predecessorType=s
predecessorId=i predecessorClosedFlag=b lagDays=i lagNonworkingDaysFlag=b estimatedStartDate=d location=r department=r
duration=i scheduleStartDate=d scheduleEndDate=d mobileGuid=s currency=r tasks=a processNotifications=b- skipCallback=b-
customFields=a _info=x
"""

SCHEDULE_ENTRY = """
id=i objectId=i name=s member=r where=r dateStart=d dateEnd=d reminder=r status=r type!=r span=r doneFlag=b
acknowledgedFlag=b ownerFlag=b meetingFlag=b ticketType=s allowScheduleConflictsFlag=b addMemberToProjectFlag=b
projectRoleId=i mobileGuid=s acknowledgedDate=d closeDate=d notifyResource=b notificationSent=b notificationResponse=s
hours=n startTimeSet=b endTimeSet=b _info=x
"""

AGREEMENT_TYPE = """
id=i name!=s:30 prefixSuffixOption=s defaultFlag=b inactiveFlag=b prePaymentFlag=b location=r department=r sla=r
applicationUnits=s applicationLimit=n applicationCycle=s oneTimeFlag=b coverAgreementTimeFlag=b
coverAgreementProductFlag=b coverAgreementExpenseFlag=b employeeCompRate!=s employeeCompNotExceed!=s billingCycle=r
invoicingCycle!=s billAmount=n taxableFlag=b workRole=r workType=r billTime!=s billExpenses!=s billProducts!=s _info=x
"""

PROJECT_TEXTS = {
    "project": PROJECT,
    "projectTicket": PROJECT_TICKET,
    "scheduleEntry": SCHEDULE_ENTRY,
    "agreementType": AGREEMENT_TYPE,
    "scheduleEntryReference": "id=i description=s _info=x",
    "configurationReference": "id=i deviceIdentifier=s _info=x",
    "ticketConfiguration": "id=i ticketId=i configurationId=i _info=x",
    "configurationType": "id=i name!=s:50 inactiveFlag=b systemFlag=b _info=x",
    "configurationStatus": "id=i description!=s:50 closedFlag=b defaultFlag=b _info=x",
    "scheduleType": "id=i name!=s:30 identifier=s chargeCode=r where=r systemFlag=b _info=x",
    "callbackEntry": """
        id=i description=s:100 url!=s objectId!=i type!=s level!=s memberId=i payloadVersion=s inactiveFlag=b
        isSoapCallbackFlag=b isSelfSuppressedFlag=b connectWiseID=s _info=x""",
    "document": """
        id=i title=s fileName=s serverFileName=s owner=s linkFlag=b imageFlag=b publicFlag=b htmlTemplateFlag=b
        readOnlyFlag=b size=i urlFlag=b guid=s _info=x""",
}
