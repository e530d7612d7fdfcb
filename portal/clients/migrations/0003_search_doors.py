"""Companies and contacts are searched through doors: under row security PostgreSQL may use no trigram index."""

from django.db import migrations

from portal.tenancy.operations import TENANT, door

COMPANY = "(' ' || name || ' ' || identifier || ' ' || city || ' ' || phone || ' ' || website)"
CONTACT = (
    "(' ' || first_name || ' ' || last_name || ' ' || email || ' ' || phone || ' ' || title || ' ' || company_name)"
)
"""What is searched. Both begin with a blank, so that "% ab%" finds the beginnings of words."""

BODY = (
    "SELECT id FROM {table} WHERE organization_id = {tenant} AND removed_at IS NULL {more} "
    "AND {text} ILIKE patterns[1] AND {text} ILIKE ALL (patterns) ORDER BY {order} LIMIT most"
)


def _index(name: str, table: str, text: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        f"CREATE INDEX {name} ON {table} USING gin (organization_id, {text} gin_trgm_ops) WHERE removed_at IS NULL",
        f"DROP INDEX {name}",
    )


class Migration(migrations.Migration):
    dependencies = [("clients", "0002_walls")]

    operations = [
        _index("company_words", "clients_company", COMPANY),
        _index("contact_words", "clients_contact", CONTACT),
        door(
            "portal_search",
            "portal_company_search(patterns text[], most integer) RETURNS SETOF bigint",
            BODY.format(table="clients_company", tenant=TENANT, more="", text=COMPANY, order="name, id"),
        ),
        door(
            "portal_search",
            "portal_contact_search(patterns text[], company bigint, most integer) RETURNS SETOF bigint",
            BODY.format(
                table="clients_contact",
                tenant=TENANT,
                more="AND company_id = company",
                text=CONTACT,
                order="last_name, first_name, id",
            ),
        ),
    ]
