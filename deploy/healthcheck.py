"""Ends with 0 when MSPortal is healthy, for container engines.

Without options it asks the pages of this container; with ``--servers`` it looks whether PostgreSQL and Redis answer, for
containers without pages.
"""

from __future__ import annotations

import http
import http.client
import os
import sys


def pages(port: str, host: str) -> str:
    """ "" when the pages answer, else what is wrong. ``host``: a name that ALLOWED_HOSTS knows."""
    line = http.client.HTTPConnection("127.0.0.1", int(port), timeout=8)
    try:
        line.request("GET", "/readyz", headers={"Host": host})
        status = line.getresponse().status
    except OSError as err:
        return f"The pages do not answer: {err}"
    finally:
        line.close()
    return "" if status == http.HTTPStatus.OK else f"The pages answer with status {status}."


def servers() -> str:
    """ "" when PostgreSQL and Redis answer, else what is wrong."""
    import psycopg
    import redis

    try:
        psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5).close()
        url, authority = os.environ["REDIS_URL"], os.environ.get("REDIS_CA_FILE", "")
        trusted = {"ssl_ca_certs": authority} if authority and url.startswith("rediss:") else {}
        with redis.Redis.from_url(url, socket_timeout=5, **trusted) as client:
            client.ping()
    except (psycopg.OperationalError, redis.RedisError) as err:
        return f"A server does not answer: {err}"
    return ""


def known_host() -> str:
    """A host name that the settings accept."""
    first = os.environ.get("ALLOWED_HOSTS", "").split(",")[0].strip()
    return "localhost" if first in {"", "*"} else first.lstrip(".")


if __name__ == "__main__":
    problem = servers() if "--servers" in sys.argv[1:] else pages(os.environ.get("PORT", "8000"), known_host())
    raise SystemExit(problem or 0)
