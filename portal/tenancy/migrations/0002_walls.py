"""Row security for the tenant's own tables, and the look-ups that happen before a tenant is known."""

from django.conf import settings
from django.db import migrations

from portal.tenancy.operations import anchor, door, secure, spine

APP = f'"{settings.DATABASE_APP_ROLE}"'


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]

    operations = [
        migrations.RunSQL(f"GRANT SELECT, INSERT, UPDATE ON tenancy_user TO {APP}", migrations.RunSQL.noop),
        secure("tenancy_organization", column="id", system="SELECT"),
        secure("tenancy_role", system="SELECT"),
        secure("tenancy_membership", system="SELECT"),
        secure("tenancy_invitation", system="SELECT"),
        secure("tenancy_auditevent", write="SELECT, INSERT"),
        anchor("tenancy_role"),
        spine("tenancy_membership", "role_id", "tenancy_role", on_delete="RESTRICT"),
        spine("tenancy_invitation", "role_id", "tenancy_role"),
        door(
            "portal_system",
            "portal_memberships(person bigint) RETURNS TABLE (organization_id bigint, slug text, name text, time_zone text, role text, permissions text[])",
            "SELECT o.id, o.slug::text, o.name::text, o.time_zone::text, r.name::text, r.permissions::text[] "
            "FROM tenancy_membership m JOIN tenancy_organization o ON o.id = m.organization_id "
            "JOIN tenancy_role r ON r.id = m.role_id WHERE m.user_id = person ORDER BY o.name, o.id",
        ),
        door(
            "portal_system",
            "portal_invitation(digest text) RETURNS TABLE (id bigint, organization_id bigint, organization text, email text, role text)",
            "SELECT i.id, i.organization_id, o.name::text, i.email::text, r.name::text FROM tenancy_invitation i "
            "JOIN tenancy_organization o ON o.id = i.organization_id JOIN tenancy_role r ON r.id = i.role_id "
            "WHERE i.token_digest = digest AND i.accepted_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > now()",
        ),
        door(
            "portal_system",
            "portal_organization_by_slug(wanted text) RETURNS TABLE (id bigint, name text, time_zone text)",
            "SELECT o.id, o.name::text, o.time_zone::text FROM tenancy_organization o WHERE o.slug = wanted",
        ),
    ]
