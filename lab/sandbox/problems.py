"""What goes wrong at a managed service provider's clients, and what is written about it. All invented."""

from __future__ import annotations

from dataclasses import dataclass

from lab.sandbox.dice import Dice


@dataclass(frozen=True, slots=True)
class Problem:
    """One family of tickets: where it is filed, how it is put, how it ends."""

    type: str
    subtype: str
    item: str
    summaries: tuple[str, ...]
    detail: str
    remedy: str


def _p(type_: str, subtype: str, item: str, summaries: str, detail: str, remedy: str) -> Problem:
    return Problem(type_, subtype, item, tuple(summaries.split("|")), detail, remedy)


PROBLEMS = (
    _p(
        "Hardware",
        "Workstation",
        "Repair",
        "{pc} does not power on|{pc}: blue screen after start|{pc} fan is very loud",
        "The machine worked yesterday. {person} sits at {place} and cannot work.\nTried another socket already.",
        "Replaced the power supply of {pc}, tested for half an hour, user confirmed.",
    ),
    _p(
        "Hardware",
        "Workstation",
        "Replace",
        "Replace {pc} (out of warranty)|New laptop for {person}",
        "Standard model, docking station and two screens. Data must come along.",
        "New machine imaged, joined and handed over. Old one wiped.",
    ),
    _p(
        "Hardware",
        "Printer",
        "Repair",
        "{printer} at {place} jams|{printer} prints blank pages|{printer} is offline",
        "Jams at the rear tray, about every third page. The department next door uses the same model without trouble.",
        "Cleaned rollers, reinstalled the driver, printed twenty test pages.",
    ),
    _p(
        "Hardware",
        "Phone",
        "Repair",
        "No dial tone at {place}|Headset of {person} crackles",
        "Since this morning. Internal calls work, external calls do not.",
        "Re-registered the handset after the switch port was set to the voice VLAN again.",
    ),
    _p(
        "Email",
        "Outlook",
        "Repair",
        "Outlook keeps asking for the password|Outlook search finds nothing|Outlook cannot open {app} add-in",
        "Started after the update of last night. Web mail works.\nUser: {person}, machine {pc}.",
        "Rebuilt the profile and cleared stored credentials.",
    ),
    _p(
        "Email",
        "Mailbox",
        "Change",
        "Shared mailbox for {place}|Give {person} access to info@ mailbox|Mailbox full: {person}",
        "Please with send-as. Approved by the office manager.",
        "Rights given, checked by the user. Takes up to an hour to show in Outlook.",
    ),
    _p(
        "Email",
        "Spam",
        "Investigate",
        "Suspicious mail “Invoice {n}” opened by {person}|Mail to us bounces with 550 5.7.1",
        "The attachment was opened at {time}. The machine is off the network now.",
        "Mail traced and removed from all mailboxes, password reset, no sign of further access.",
    ),
    _p(
        "Network",
        "Internet",
        "Repair",
        "Internet down at {place}|Internet slow since the morning|{host} drops packets",
        "Everybody at this location. The modem shows a red light.",
        "Fault at the provider (reference {n}), fixed by them at {time}. Failover worked but was slow.",
    ),
    _p(
        "Network",
        "Wi-Fi",
        "Repair",
        "Wi-Fi drops in {place}|Guest Wi-Fi does not hand out addresses",
        "Several people. Cable works fine in the same room.",
        "Channel plan changed and access point firmware updated.",
    ),
    _p(
        "Network",
        "VPN",
        "Repair",
        "VPN error {n} for {person}|VPN connects, but no access to file shares",
        "Works from the office. From home it stops at 98 %.",
        "Expired certificate renewed, profile pushed again.",
    ),
    _p(
        "Network",
        "Firewall",
        "Change",
        "Open port {n} to {host}|Block country list on firewall|Firewall rule review {place}",
        "Requested by the software supplier. Source addresses are in the attachment.",
        "Rule added with source limits, documented, expiry in ninety days.",
    ),
    _p(
        "Server",
        "Disk",
        "Alert",
        "{host}: disk D: 95 % full|{host}: disk C: less than 2 GB free|{host}: SMART warning",
        "Monitor: Disk space\nDevice: {host}\nThreshold: 90 %\nValue: 95 %\nFirst seen: {time}",
        "Old logs moved, volume extended by 100 GB.",
    ),
    _p(
        "Server",
        "Service",
        "Alert",
        "{host}: service “{app}” stopped|{host}: CPU above 95 % for 30 minutes|{host} not reachable",
        "Monitor: Service state\nDevice: {host}\nService: {app}\nState: stopped\nFirst seen: {time}",
        "Service restarted, cause was a hung update. Recovery action set.",
    ),
    _p(
        "Server",
        "Patching",
        "Maintain",
        "Monthly patches: {host}|{host} waits for a restart|Patch failed on {host}: 0x{n}",
        "Window agreed with the client: Saturday night.",
        "Patched and restarted, services checked.",
    ),
    _p(
        "Backup",
        "Job",
        "Alert",
        "Backup of {host} failed|Backup of {host} finished with warnings|No backup of {host} for 3 days",
        "Job: {host} daily\nResult: failed\nMessage: the snapshot could not be created (code {n}).",
        "Writer restarted, job run by hand and finished without errors.",
    ),
    _p(
        "Backup",
        "Restore",
        "Request",
        "Restore folder “{place}” of yesterday|Restore deleted mail of {person}",
        "It was there on Friday. Needed before noon if possible.",
        "Restored from the backup of {time} beside the original.",
    ),
    _p(
        "Security",
        "Account",
        "Investigate",
        "Impossible travel alert: {person}|MFA fatigue attempt on {person}",
        "Sign-ins from two countries within an hour.",
        "Sessions revoked, password reset, MFA registered anew. User was informed.",
    ),
    _p(
        "Security",
        "Endpoint",
        "Alert",
        "Threat found on {pc}: quarantined|Endpoint agent missing on {pc}|{pc} isolated by policy",
        "Detection: Trojan.Generic.{n}\nDevice: {pc}\nAction: quarantined\nUser: {person}",
        "False positive of an in-house tool, exception by hash.",
    ),
    _p(
        "Users",
        "Account",
        "Create",
        "New user: {person}, starts Monday|Onboarding {person}",
        "Department {place}, same rights as a colleague. Laptop and phone needed.",
        "Account, mailbox, licences and groups made. Welcome letter sent to the manager.",
    ),
    _p(
        "Users",
        "Account",
        "Remove",
        "User leaves: {person}|Offboarding {person} today 17:00",
        "Forward mail to the manager for three months, keep the files.",
        "Account blocked, licences released, mail forwarded.",
    ),
    _p(
        "Users",
        "Password",
        "Reset",
        "Password reset {person}|{person} locked out again|Authenticator lost: {person}",
        "Caller identified by call-back.",
        "Reset and signed in together.",
    ),
    _p(
        "Software",
        "Office",
        "Repair",
        "Excel freezes on {place} workbook|Word template shows the old logo|Teams has no sound",
        "Only with this file. It has forty sheets and links to other files.",
        "Repaired the installation and removed dead links.",
    ),
    _p(
        "Software",
        "Line of business",
        "Repair",
        "{app} does not start on {pc}|{app}: licence expired|{app} report shows wrong totals",
        "Error {n} at the start. The supplier says that it is the network.",
        "Client reinstalled against the new server name.",
    ),
    _p(
        "Software",
        "Line of business",
        "Install",
        "Install {app} for {person}|Update {app} to version {n}",
        "Licence is there. Please outside office hours.",
        "Installed and started together with the user.",
    ),
    _p(
        "Procurement",
        "Order",
        "Request",
        "Quote for 5 monitors|Order: toner for {printer}|2 docking stations for {place}",
        "Deliver to reception. Purchase order number follows.",
        "Ordered, delivered and signed for.",
    ),
    _p(
        "Network",
        "Visit",
        "Request",
        "On-site visit {place}: patch cabinet|Move of desks at {place}",
        "Labels are missing in the cabinet. Half a day should do.",
        "Cabinet tidied, labels printed, photo in the documentation.",
    ),
    _p(
        "Users",
        "Training",
        "Request",
        "Explain Teams channels to {person}|How do I share a calendar?",
        "Ten minutes by phone are enough.",
        "Walked through it together and sent the guide.",
    ),
    _p(
        "Email",
        "Outlook",
        "Repair",
        "Drucker druckt nicht & Outlook hängt (Büro {place})|E-Mail für Geschäftsführung übergelaufen",
        "Seit heute früh. Bitte um Rückruf bei {person}.\nGrüße",
        "Profil neu angelegt, Rückmeldung: läuft wieder.",
    ),
    _p(
        "Email",
        "Mailbox",
        "Change",
        "לא ניתן להתחבר לדואר של {person}|البريد لا يعمل منذ الصباح",
        "העובד מקבל הודעת שגיאה {n}.",
        "טופל, תודה.",
    ),
    _p(
        "Software",
        "Office",
        "Repair",
        '🔥 URGENT!!! Excel gone 😱 ({person})|RE: FW: RE: help pls <no subject> "again" & again',
        "It was there and now it is not 😭\n\n<b>PLEASE CALL</b>\n-- \nSent from my phone",
        "Taskbar icon pinned again 👍",
    ),
)

PLACES = (
    "reception",
    "the 2nd floor",
    "meeting room Amsterdam",
    "warehouse B",
    "the canteen",
    "Finance",
    "the workshop",
    "Sales",
    "room 3.14",
    "the Köln office",
    "the mezzanine",
    "HR",
    "Legal",
    "the lab",
)
APPS = (
    "Exact Ledger",
    "PlanIt",
    "CadWorks 12",
    "StockPilot",
    "ClaimDesk",
    "TimeTrack",
    "MediFile",
    "SQL Agent",
    "Print Spooler",
    "RouteMaster",
    "Quote&Go",
)
PRINTERS = ("LaserJet M507", "OfficeJet 9010", "ImageRunner C3226", "Label printer ZD421", "Plotter T650")
HOSTS = ("SRV-DC01", "SRV-FS02", "SRV-SQL01", "SRV-RDS03", "HV-NODE2", "NAS-01", "FW-HQ", "SW-CORE-1", "AP-2F-04")

CALLS = (
    "Called {person}, no answer, left a message.",
    "Remote session on {pc}: could not reproduce it. Asked the user to note the time when it happens again.",
    "Waiting for the supplier, reference {n}.",
    "Any news on this? It is getting urgent for us.",
    "Thanks, works again since {time}.",
    "Checked the event log of {host}: nothing before {time}, then 41 entries of the same kind.",
    "Planned for tomorrow morning, confirmed with {person}.",
    "Second opinion wanted: looks like the same cause as last month.\n\n- switch port flaps\n- only at {place}",
    "Parts ordered, expected in three days.",
    "User on holiday until Monday; put on hold.",
)

WORK = (
    "Remote session with {person}, {pc} checked.",
    "Phone call with the supplier about {app}.",
    "On site at {place}.",
    "Log files of {host} read, cause narrowed down.",
    "Documentation updated.",
    "",
)


def filled(text: str, dice: Dice, person: str) -> str:
    """The text with its gaps filled."""
    if "{" not in text:
        return text
    number = dice.below(9000)
    return text.format(
        person=person,
        place=dice.pick(PLACES),
        app=dice.pick(APPS),
        printer=dice.pick(PRINTERS),
        host=dice.pick(HOSTS),
        pc=f"{'LT' if number % 3 else 'PC'}-{number % 420:04}",
        n=1000 + number,
        time=f"{7 + number % 11:02}:{number % 60:02}",
    )
