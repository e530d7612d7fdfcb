"""What values can be mapped to."""

from __future__ import annotations

from collections.abc import Iterable

from foundation.tenancy.models import Membership, User
from mappings.kinds import Kind
from mappings.models import Client, PortalValue
from mappings.suggestions import Candidate


def candidates(kind: Kind) -> list[Candidate]:
    """All targets of a kind in the order of lists: the organization's words, its clients or its people."""
    if kind.target == "value":
        rows = PortalValue.objects.filter(kind=kind.key).order_by("position", "pk")
        return [Candidate(row.pk, row.name, key=row.key) for row in rows]
    if kind.target == "client":
        clients = Client.objects.order_by("name", "pk").values_list("pk", "name", "website")
        return [Candidate(pk, name, website=website) for pk, name, website in clients]
    people = (
        Membership.objects.filter(user__is_active=True).select_related("user").order_by("user__name", "user__email")
    )
    return [Candidate(one.user_id, str(one.user), email=one.user.email) for one in people]


def target_names(target: str, ids: Iterable[int]) -> dict[int, str]:
    """{id: name} of values, clients or people; "" is nobody's name."""
    wanted = set(ids)
    if not wanted:
        return {}
    if target == "user":
        return {user.pk: str(user) for user in User.objects.filter(pk__in=wanted)}
    model = PortalValue if target == "value" else Client
    return dict(model.objects.filter(pk__in=wanted).values_list("pk", "name"))


def targets_known(kind: Kind, ids: Iterable[int]) -> dict[int, str]:
    """{id: name} of those that values of this kind may be mapped to: of the kind, and people of the organization alone."""
    wanted = set(ids)
    if not wanted:
        return {}
    if kind.target == "user":
        rows = Membership.objects.filter(user_id__in=wanted).select_related("user")
        return {row.user_id: str(row.user) for row in rows}
    if kind.target == "client":
        return dict(Client.objects.filter(pk__in=wanted).values_list("pk", "name"))
    return dict(PortalValue.objects.filter(kind=kind.key, pk__in=wanted).values_list("pk", "name"))
