"""Addresses of people, roles and the audit."""

from django.urls import path

from portal.web.people import audit, invitations, members, notifications, roles

urlpatterns = [
    path("people/", members.people, name="people"),
    path("people/<id:pk>/", members.person, name="person"),
    path("people/<id:pk>/remove/", members.person_remove, name="person_remove"),
    path("people/invite/", invitations.invite, name="invite"),
    path("people/invitations/<id:pk>/resend/", invitations.resend, name="invitation_resend"),
    path("people/invitations/<id:pk>/revoke/", invitations.revoke, name="invitation_revoke"),
    path("roles/", roles.roles, name="roles"),
    path("roles/new/", roles.role_new, name="role_new"),
    path("roles/<id:pk>/", roles.role, name="role"),
    path("roles/<id:pk>/delete/", roles.role_remove, name="role_delete"),
    path("notifications/", notifications.notifications, name="notifications"),
    path("audit/", audit.audit, name="audit"),
]
