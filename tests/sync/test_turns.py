"""Queued runs are told to workers in turns: an organization with many due takes no more than its share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.conf import settings
from django.utils import timezone

from foundation.tenancy.models import Organization
from foundation.tenancy.scope import tenant_transaction
from integrations.models import Connection
from sync.models import Run
from sync.services.fair_queue import next_in_turn
from tests.fixtures.runs import make_run

Queue = Callable[..., list[int]]


@pytest.fixture
def queue() -> Queue:
    """``queue(organization, 3)`` → the ids of three queued runs of as many connections."""

    def make(organization: Organization, number: int, **values: object) -> list[int]:
        with tenant_transaction(organization.pk):
            taken = Connection.objects.count()
            places = [
                Connection.objects.create(organization=organization, provider="connectwise", name=f"{taken + n}")
                for n in range(number)
            ]
            state = {"state": "queued", "phase": "queued", "started_at": None, "progress_at": None}
            return [make_run(place, "full", **(state | values)).pk for place in places]

    return make


def told(ahead: int) -> list[int]:
    return [run for _, run, _, _ in next_in_turn(ahead)]


def test_organizations_take_turns_however_many_runs_each_has_due(
    queue: Queue, organization: Organization, other_organization: Organization
) -> None:
    big, small = queue(organization, 5), queue(other_organization, 2)
    assert told(6) == [big[0], small[0], big[1], small[1], big[2], big[3]]


def test_only_so_many_bells_are_on_their_way_and_none_twice(queue: Queue, organization: Organization) -> None:
    runs = queue(organization, 5)
    assert told(3) == runs[:3]
    assert told(3) == []
    with tenant_transaction(organization.pk):
        Run.objects.filter(pk=runs[0]).update(state="running", lease_until=timezone.now() + dt.timedelta(minutes=1))
    assert told(3) == [runs[3]]


def test_what_an_organization_has_at_work_counts_as_its_turns(
    queue: Queue, organization: Organization, other_organization: Organization
) -> None:
    queue(organization, 2, state="running")
    big, small = queue(organization, 2), queue(other_organization, 2)
    assert told(3) == [small[0], small[1], big[0]]


def test_what_a_person_waits_for_goes_first_whatever_is_on_its_way(
    queue: Queue, organization: Organization, other_organization: Organization
) -> None:
    queue(organization, 3)
    told(2)
    pressed = queue(other_organization, 1, urgent=True)
    assert told(2) == pressed


def test_a_lost_bell_rings_again_after_the_length_of_a_lease(queue: Queue, organization: Organization) -> None:
    long_ago = timezone.now() - dt.timedelta(seconds=settings.SYNC_LEASE_SECONDS + 1)
    runs = queue(organization, 2, rung_at=long_ago)
    assert told(1) == runs[:1]


def test_a_run_whose_lane_is_taken_waits_without_a_bell(queue: Queue, organization: Organization) -> None:
    run = queue(organization, 1)[0]
    with tenant_transaction(organization.pk):
        make_run(Run.objects.get(pk=run).connection, "clear_resync", state="waiting")
    assert told(3) == []
