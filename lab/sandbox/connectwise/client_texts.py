"""The fields of what companies have beside tickets, as text; ``shapes`` says how to read it. Source: OpenAPI 2026.4.

The catalog: clients generated from the vendor's document (CatalogItem in Jetbuilt/connect_wise).
"""

from __future__ import annotations

CONFIGURATION = """
id=i name!=s:100 type=r status=r company=r contact=r site=r locationId=i businessUnitId=i deviceIdentifier=s:100
serialNumber=s:250 modelNumber=s:50 tagNumber=s:50 purchaseDate=d installationDate=d installedBy=r
warrantyExpirationDate=d vendorNotes=s notes=s macAddress=s:25 lastLoginName=s:100 billFlag=b backupSuccesses=i
backupIncomplete=i backupFailed=i backupRestores=i lastBackupDate=d backupServerName=s:50 backupBillableSpaceGb=n
backupProtectedDeviceList=s backupYear=i backupMonth=i ipAddress=s:50 defaultGateway=s:50 osType=s:250 osInfo=s:250
cpuSpeed=s:100 ram=s:25 localHardDrives=s parentConfigurationId=i vendor=r manufacturer=r questions=a activeFlag=b
managementLink=s:1000 remoteLink=s:1000 sla=r mobileGuid=s _info=x displayVendorFlag=b companyLocationId=i
showRemoteFlag=b showAutomateFlag=b needsRenewalFlag=b manufacturerPartNumber=s:50 customFields=a
"""

AGREEMENT = """
id=i name!=s type!=r company!=r contact!=r site=r subContractCompany=r subContractContact=r parentAgreement=r
customerPO=s location=r department=r restrictLocationFlag=b restrictDepartmentFlag=b startDate=d endDate=d
noEndingDateFlag=b opportunity=r cancelledFlag=b dateCancelled=d reasonCancelled=s sla=r workOrder=s internalNotes=s
applicationUnits=s applicationLimit=n applicationCycle=s applicationUnlimitedFlag=b oneTimeFlag=b coverAgreementTime=b
coverAgreementProduct=b coverAgreementExpense=b coverSalesTax=b carryOverUnused=b allowOverruns=b expiredDays=i
limit=i expireWhenZero=b chargeToFirm=b employeeCompRate=s employeeCompNotExceed=s compHourlyRate=n compLimitAmount=n
billingCycle=r billOneTimeFlag=b billingTerms=r invoicingCycle=s billToCompany=r billToContact=r billToSite=r
billAmount=n taxable=b prorateFirstBill=n billStartDate=d taxCode=r restrictDownPayment=b prorateFlag=b
invoiceProratedAdditionsFlag=b invoiceDescription=s topComment=b bottomComment=b workRole=r workType=r projectType=r
invoiceTemplate=r billTime=s billExpenses=s billProducts=s billableTimeInvoice=b billableExpenseInvoice=b
billableProductInvoice=b currency=r periodType=s autoInvoiceFlag=b billZeroAmountFlag=b nextInvoiceDate=s
companyLocation=r shipToCompany=r shipToContact=r shipToSite=r agreementStatus=s _info=x customFields=a
"""

ADDITION = """
id=i product!=r quantity=n lessIncluded=n unitPrice=n unitCost=n billCustomer!=s effectiveDate=d cancelledDate=d
taxableFlag=b serialNumber=s invoiceDescription=s purchaseItemFlag=b specialOrderFlag=b agreementId=i description=s
billedQuantity=n uom=s extPrice=n extCost=n sequenceNumber=n margin=n prorateCost=n proratePrice=n
extendedProrateCost=n extendedProratePrice=n prorateCurrentPeriodFlag=b opportunity=r agreementStatus=s
invoiceGrouping=r _info=x customFields=a
"""

INVOICE = """
id=i invoiceNumber=s type!=s status=r company!=r billToCompany=r shipToCompany=r accountNumber=s applyToType=s
applyToId=i attention=s shipToAttention=s billingSite=r billingSiteAddressLine1=s billingSiteAddressLine2=s
billingSiteCity=s billingSiteState=s billingSiteZip=s billingSiteCountry=s shippingSite=r shippingSiteAddressLine1=s
shippingSiteAddressLine2=s shippingSiteCity=s shippingSiteState=s shippingSiteZip=s shippingSiteCountry=s
billingTerms=r reference=s customerPO=s templateSetupId=i invoiceTemplate=r emailTemplateId=i addToBatchEmailList=b
date=d restrictDownpaymentFlag=b locationId=i location=r departmentId=i department=r territoryId=i territory=r
topComment=s bottomComment=s taxableFlag=b taxCode=r internalNotes=s downpaymentPreviouslyTaxedFlag=b serviceTotal=n
overrideDownPaymentAmountFlag=b currency=r dueDate=d expenseTotal=n productTotal=n previousProgressApplied=n
serviceAdjustmentAmount=n agreementAmount=n downpaymentApplied=n subtotal=n total=n remainingDownpayment=n salesTax=n
adjustmentReason=s adjustedBy=s closedBy=s payments=n credits=n balance=n specialInvoiceFlag=b billingSetupReference=r
ticket=r project=r phase=r salesOrder=r agreement=r glBatch=r unbatchedBatch=r _info=x customFields=a
"""

OPPORTUNITY = """
id=i name!=s expectedCloseDate=d type=r stage=r status=r priority=r notes=s probability=r source=s rating=r campaign=r
primarySalesRep!=r secondarySalesRep=r locationId=i businessUnitId=i company!=r contact!=r site=r customerPO=s
pipelineChangeDate=d dateBecameLead=d closedDate=d closedBy=r totalSalesTax=n shipToCompany=r shipToContact=r
shipToSite=r billToCompany=r billToContact=r billToSite=r billingTerms=r taxCode=r currency=r companyLocationId=i
technicalContact=r _info=x customFields=a
"""

STATUS = """
id=i name!=s wonFlag=b lostFlag=b closedFlag=b inactiveFlag=b defaultFlag=b enteredBy=s dateEntered=d _info=x
connectWiseId=s
"""

CATALOG_ITEM = """
id=i identifier!=s:60 description!=s:60 customerDescription!=s:6000 inactiveFlag=b subcategory!=r type!=r category=r
productClass=s serializedFlag=b unitOfMeasure=r price=n cost=n taxableFlag=b manufacturer=r
manufacturerPartNumber=s:50 vendor=r vendorSku=s:50 notes=s recurringFlag=b dateEntered=d _info=x customFields=a
"""

CLIENT_TEXTS = {
    "configuration": CONFIGURATION,
    "agreement": AGREEMENT,
    "addition": ADDITION,
    "invoice": INVOICE,
    "opportunity": OPPORTUNITY,
    "opportunityStatus": STATUS,
    "catalogItem": CATALOG_ITEM,
}
