"""Row security, and references inside the organization."""

from django.db import migrations

from portal.tenancy.operations import anchor, searchable, secure, spine

REFERENCE = ("board", "status", "priority", "tickettype", "ticketsubtype", "ticketitem", "team", "member")
TABLES = (*REFERENCE, "ticket", "note", "timeentry")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial"), ("clients", "0002_walls")]

    operations = [
        *(secure(f"tickets_{table}") for table in TABLES),
        *(spine(f"tickets_{table}", "connection_id", "integrations_connection") for table in TABLES),
        anchor("tickets_ticket"),
        spine("tickets_ticket", "company_id", "clients_company", on_delete="SET NULL"),
        spine("tickets_note", "ticket_id", "tickets_ticket"),
        spine("tickets_timeentry", "ticket_id", "tickets_ticket"),
        searchable("tickets_ticket"),
    ]
