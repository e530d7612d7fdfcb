"""The deployment files, as far as they run without a container engine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml
from cryptography.fernet import Fernet

from embedded.locations import ROOT
from embedded.servers import Servers
from tests.loopback import Loopback, Received, reply

HEALTHCHECK = ROOT / "deploy/healthcheck.py"


def new_env() -> dict[str, str]:
    said = subprocess.run(
        [sys.executable, str(ROOT / "deploy/new_env.py"), "portal.example.com"],
        check=True,
        capture_output=True,
        text=True,
    )
    lines = [line for line in said.stdout.splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def checked(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(HEALTHCHECK), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
    )


def test_the_new_env_has_everything_that_compose_requires() -> None:
    wanted = set(re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text()))
    made = new_env()
    assert wanted - set(made) == set()
    assert [name for name in wanted if not made[name]] == ["EMAIL_URL"]
    Fernet(made["CREDENTIAL_KEYS"])


def test_two_new_envs_share_no_secret() -> None:
    first, second = new_env(), new_env()
    same = {name for name in first if first[name] == second[name]}
    assert same == {"ALLOWED_HOSTS", "BASE_URL", "TRUSTED_PROXIES", "EMAIL_URL", "DEFAULT_FROM_EMAIL"}


def test_the_proxy_on_the_machine_is_trusted_by_the_network_of_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    (network,) = compose["networks"]["default"]["ipam"]["config"]
    assert network["subnet"] == f"${{COMPOSE_NETWORK:-{new_env()['TRUSTED_PROXIES']}}}"
    assert compose["services"]["web"]["environment"]["BEHIND_PROXY"] == "${BEHIND_PROXY:-1}"


def test_only_the_migration_gets_the_owners_password() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert [name for name, service in services.items() if "DATABASE_OWNER_URL" in service["environment"]] == ["migrate"]


@pytest.mark.parametrize("name", ["postgres", "redis", "migrate", "web", "worker", "bulk", "beat"])
def test_every_container_is_held_shut(name: str) -> None:
    service = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"][name]
    assert (service["cap_drop"], service["security_opt"]) == (["ALL"], ["no-new-privileges:true"])
    assert (service["read_only"], "privileged" in service, "cap_add" in service) == (True, False, False)
    assert [mount for mount in service["tmpfs"] if not re.search(r":size=\d+m\b", mount)] == []
    assert (bool(service["mem_limit"]), service["pids_limit"] <= 512) == (True, True)
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service.get("user") not in {"root", "0"}
    assert "user" in service or service["image"] == "msportal"


def test_no_container_is_left_out() -> None:
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    assert set(services) == {"postgres", "redis", "migrate", "web", "worker", "bulk", "beat"}
    assert re.search(r"^USER 10001$", (ROOT / "Dockerfile").read_text(), re.M)


def test_the_first_start_makes_the_roles_with_their_passwords(servers: Servers) -> None:
    script = subprocess.run(
        ["sh", str(ROOT / "deploy/first_start.sh")],
        check=False,
        capture_output=True,
        text=True,
        env={
            "PATH": f"{servers.places.postgres_bin}:{os.environ['PATH']}",
            "PGHOST": str(servers.places.sockets),
            "PGPORT": "5432",
            "OWNER_DATABASE_PASSWORD": "o'wner",
            "APP_DATABASE_PASSWORD": "a\\pp",
            "ROLES_FILE": str(ROOT / "embedded/roles.sql"),
        },
    )
    assert (script.returncode, script.stderr) == (0, "")
    with psycopg.connect(servers.postgres.url("postgres")) as connection:
        found = connection.execute("SELECT rolname FROM pg_authid WHERE rolpassword IS NOT NULL ORDER BY 1").fetchall()
    assert found == [("portal_app",), ("portal_owner",)]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_health_check_repeats_what_the_pages_say(status: int, code: int) -> None:
    def answer(request: Received) -> bytes:
        known = request.headers["host"] == "portal.example.com"
        return reply("ok", status if known and request.path == "/readyz" else 400)

    with Loopback(answer) as pages:
        assert checked(PORT=str(pages.port), ALLOWED_HOSTS=".portal.example.com,other").returncode == code


def test_the_health_check_without_pages_says_so() -> None:
    found = checked(PORT="9")
    assert (found.returncode, found.stderr.startswith("The pages do not answer")) == (1, True)


def test_the_health_check_of_the_servers(servers: Servers) -> None:
    assert checked("--servers", **servers.environment()).returncode == 0
    away = {**servers.environment(), "REDIS_URL": f"unix://{Path('/tmp/absent.sock')}"}
    assert "A server does not answer" in checked("--servers", **away).stderr
