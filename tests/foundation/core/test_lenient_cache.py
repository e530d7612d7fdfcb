"""While Redis is away nothing is found in the cache, and no page fails for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache, caches
from django.core.cache.backends.redis import RedisCacheClient
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from redis.exceptions import RedisError

from foundation.core.lenient_cache import OTHERWISE, LenientRedisCache, redis_ping
from foundation.tenancy.models import AuditEvent, Organization, User
from foundation.tenancy.scope import tenant_transaction
from tests.fixtures.people import PASSWORD

ClientFor = Callable[[User], Client]
NOWHERE = "redis://127.0.0.1:9/0"


@pytest.fixture
def away(settings: Settings) -> Iterator[None]:
    """The cache leads to a port where nobody listens."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": [NOWHERE]}}
    yield
    caches.close_all()


def test_each_call_has_an_answer_while_redis_is_away() -> None:
    there = LenientRedisCache([NOWHERE], {})
    assert (there.get("a"), there.get("a", 7), there.add("a", 1), there.has_key("a")) == (None, 7, True, False)
    assert (there.incr("a", 3), there.delete("a"), there.touch("a"), there.clear()) == (3, False, False, False)
    assert (there.get_many(["a"]), there.set_many({"a": 1})) == ({}, [])
    there.set("a", 1)
    there.delete_many(["a"])


def test_a_full_disk_of_redis_is_an_outage_too(full_disk: str) -> None:
    there = LenientRedisCache([full_disk], {})
    assert (there.get("a", 7), there.add("a", 1), there.incr("a", 3)) == (7, True, 3)
    there.close()


def test_no_call_of_the_cache_is_without_such_an_answer() -> None:
    assert {name for name in vars(RedisCacheClient) if not name.startswith("_")} - set(OTHERWISE) == {"get_client"}


def test_with_redis_it_is_a_cache_like_any_other(database: None) -> None:
    assert (cache.add("portal-test", "first"), cache.add("portal-test", "second")) == (True, False)
    assert cache.get("portal-test") == "first"
    redis_ping()


def test_a_refused_page_is_refused_while_redis_is_away(
    away: None, technician: User, organization: Organization, client_for: ClientFor
) -> None:
    assert client_for(technician).get(reverse("web:people")).status_code == 403
    with tenant_transaction(organization.pk):
        assert AuditEvent.objects.filter(action="access.refused").exists()


def test_pages_and_logging_in_work_while_redis_is_away(away: None, admin: User, client_for: ClientFor) -> None:
    browser = Client()
    assert browser.post("/account/login/", {"login": "ada@acme.test", "password": PASSWORD}).status_code == 302
    pages = ("/", "/tickets/", "/clients/", "/settings/people/", "/settings/integrations/", "/sync/history/")
    assert [browser.get(page).status_code for page in pages] == [200] * len(pages)


def test_the_probe_says_that_redis_is_away(away: None, database: None) -> None:
    with pytest.raises(RedisError):
        redis_ping()
    browser = Client(raise_request_exception=False)
    assert browser.get("/readyz").status_code == 503
