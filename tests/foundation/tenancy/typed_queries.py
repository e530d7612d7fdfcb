"""Read by the type checker alone. It knows the fields of every tenant's table, so that a wrong name in a query is an error: were it none, the
remark behind it would be one (``warn_unused_ignores``)."""

from sync.models import Run
from tickets.models import Ticket


def wrong_names() -> None:
    """Each line names a field that is not there."""
    Run.objects.filter(nonsense=1)  # type: ignore[misc]
    Run.objects.values_list("nonsense")  # type: ignore[misc]
    Run.objects.exclude(nonsense__isnull=True).count()  # type: ignore[misc]
    Ticket.objects.order_by("nonsense")  # type: ignore[misc]
    Ticket.with_removed.filter(nonsense=1)  # type: ignore[misc]
