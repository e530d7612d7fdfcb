"""Organizations and their people."""

from foundation.tenancy.models.audit import AuditEvent
from foundation.tenancy.models.base import TenantManager, TenantModel
from foundation.tenancy.models.log_in import LogInFailure, PasswordResetRequest
from foundation.tenancy.models.organization import Invitation, Membership, Organization, Role
from foundation.tenancy.models.user import User

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
