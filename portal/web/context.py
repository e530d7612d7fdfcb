"""What every page's shell shows."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from foundation.tenancy.access import Access


def shell(request: HttpRequest) -> dict[str, Any]:
    """``access`` (rights), ``organization`` (current membership) and ``memberships`` (to switch between)."""
    access: Access = getattr(request, "access", Access())
    return {"access": access, "organization": getattr(request, "organization", None), "memberships": access.memberships}
