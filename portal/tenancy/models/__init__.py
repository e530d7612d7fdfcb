"""Organizations and their people."""

from portal.tenancy.models.audit import AuditEvent
from portal.tenancy.models.base import TenantManager, TenantModel
from portal.tenancy.models.log_in import LogInFailure, PasswordResetRequest
from portal.tenancy.models.organization import Invitation, Membership, Organization, Role
from portal.tenancy.models.user import User

__all__ = [
    "AuditEvent",
    "Invitation",
    "LogInFailure",
    "Membership",
    "Organization",
    "PasswordResetRequest",
    "Role",
    "TenantManager",
    "TenantModel",
    "User",
]
