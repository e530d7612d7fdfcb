"""Who may open a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import redirect

from foundation.tenancy.permissions import PERMISSIONS
from portal.web.request import IncomingRequest

V = TypeVar("V", bound=Callable[..., HttpResponseBase])


def requires(permission: str) -> Callable[[V], V]:
    """Only for people whose role has ``permission`` in the current organization; others get 403 with its name in words."""
    meaning = PERMISSIONS[permission]

    def decorate(view: V) -> V:
        @login_required
        @wraps(view)
        def guarded(request: IncomingRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.organization is None:
                return redirect("web:no_organization")
            if not request.access.can(permission):
                raise PermissionDenied(
                    f"Your role lacks the permission “{meaning}” ({permission}). An admin can change your role."
                )
            return view(request, *args, **kwargs)

        return cast(V, guarded)

    return decorate
