"""Roles: the built-in ones, and those that an organization composes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from foundation.core.errors import Refused
from foundation.tenancy.permissions import PERMISSIONS
from foundation.tenancy.selectors import role_list
from foundation.tenancy.services.roles import role_create, role_delete, role_held, role_update
from portal.web.access import requires
from portal.web.people.forms import RoleForm, add_refusal
from portal.web.request import PortalRequest


@requires("manage_users")
def roles(request: PortalRequest) -> HttpResponse:
    """Which role may do what, and how many people have it."""
    listed = list(role_list())
    matrix = [
        (name, words, [(role, name in role.permissions) for role in listed]) for name, words in PERMISSIONS.items()
    ]
    return render(request, "people/roles.html", {"roles": listed, "matrix": matrix})


@requires("manage_users")
def role_new(request: PortalRequest) -> HttpResponse:
    form = RoleForm(request.POST or None, grantable=_own(request))
    if request.method == "POST" and form.is_valid():
        try:
            made = role_create(**form.cleaned_data, actor=request.user)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"The role {made.name} can be given now.")
            return redirect("web:roles")
    return render(request, "people/role.html", {"form": form}, status=400 if form.errors else 200)


@requires("manage_users")
def role(request: PortalRequest, pk: int) -> HttpResponse:
    """One role; built-in ones are shown and can't be changed."""
    found = get_object_or_404(role_list(), pk=pk)
    stored = role_held(found) if request.method == "POST" else found
    form = RoleForm(
        request.POST or None,
        grantable=_own(request),
        initial={"name": stored.name, "permissions": stored.permissions},
    )
    if request.method == "POST" and form.is_valid():
        try:
            role_update(role=stored, **form.cleaned_data, actor=request.user)
        except Refused as refused:
            add_refusal(form, refused)
        else:
            messages.success(request, f"The role {stored.name} was saved. It counts from each person's next page on.")
            return redirect("web:roles")
    context = {"form": form, "role": found, "granted": [PERMISSIONS[name] for name in found.permissions]}
    return render(request, "people/role.html", context, status=400 if form.errors else 200)


@require_POST
@requires("manage_users")
def role_remove(request: PortalRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(role_list(), pk=pk)
    name = found.name
    try:
        role_delete(role=found, actor=request.user)
    except Refused as refused:
        messages.error(request, refused.message)
        return redirect("web:role", pk=pk)
    messages.success(request, f"The role {name} was deleted.")
    return redirect("web:roles")


def _own(request: PortalRequest) -> frozenset[str]:
    return frozenset(name for name in PERMISSIONS if request.access.can(name))
