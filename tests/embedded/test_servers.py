"""The embedded servers: shared, stopped by the last user, whole after a kill, and honest about what stops them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import psycopg
import pytest
import redis

from embedded.errors import ServersError
from embedded.locations import SOCKET_PATH_LIMIT, settle
from embedded.postgres import Postgres, answers, prepare
from embedded.servers import LOOPBACK, Servers, serving

ATTACHED = """
import sys
from dataclasses import replace
from pathlib import Path
from embedded.servers import Servers
servers = Servers(Path(sys.argv[1]), fsync=False)
servers.attach()
print("attached", flush=True)
sys.stdin.readline()
servers.detach()
"""


def attached(state: Path) -> subprocess.Popen[str]:
    """Another process that attaches, says so, and detaches on a line of input."""
    return subprocess.Popen(
        [sys.executable, "-c", ATTACHED, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def down(state: Path) -> bool:
    places = settle(state)
    return not answers(places.sockets / ".s.PGSQL.5432") and not answers(places.sockets / "valkey.sock")


def postmaster(servers: Servers) -> int:
    return int((servers.postgres.data / "postmaster.pid").read_text().split()[0])


def test_processes_that_start_at_once_share_one_pair_of_servers_and_the_last_one_stops_them(state: Path) -> None:
    processes = [attached(state) for _ in range(3)]
    assert [read_line(process) for process in processes] == ["attached\n"] * 3
    for process in processes[:2]:
        process.communicate("\n", timeout=30)
        assert not down(state)
    processes[2].communicate("\n", timeout=30)
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert down(state)


def test_a_killed_user_does_not_keep_the_servers_up(state: Path) -> None:
    killed, other = attached(state), attached(state)
    assert [read_line(killed), read_line(other)] == ["attached\n"] * 2
    killed.kill()
    killed.communicate()
    assert not down(state)
    other.communicate("\n", timeout=30)
    assert down(state)


def test_servers_left_by_the_last_killed_user_are_stopped_on_demand(state: Path) -> None:
    killed = attached(state)
    read_line(killed)
    killed.kill()
    killed.communicate()
    assert not down(state)
    assert Servers(state).stop_unused()
    assert down(state)


def test_servers_in_use_are_not_stopped_on_demand(servers: Servers) -> None:
    assert not Servers(servers.places.state).stop_unused()
    assert not servers.in_use()
    assert Servers(servers.places.state).in_use()


def test_committed_rows_survive_a_killed_server_which_the_next_user_brings_back(state: Path) -> None:
    with Servers(state) as first:
        with psycopg.connect(first.postgres.url("portal_owner")) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        os.kill(postmaster(first), signal.SIGKILL)
        while answers(first.postgres.socket):
            pass
        with Servers(state) as second, psycopg.connect(second.postgres.url("portal_owner")) as connection:
            assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]


def test_a_forked_child_does_not_stop_its_parents_servers(servers: Servers) -> None:
    child = get_context("fork").Process(target=servers.detach)
    child.start()
    child.join()
    assert not down(servers.places.state)


def test_an_interrupted_initdb_is_begun_anew(state: Path) -> None:
    half = state / "pgdata.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with Servers(state, fsync=False) as servers, psycopg.connect(servers.postgres.url("portal_app")) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_nothing_listens_on_tcp(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url("postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
    with redis.Redis.from_url(servers.valkey.url) as client:
        assert client.config_get("port") == {"port": "0"}


def test_data_of_another_major_version_is_refused_with_the_way_out(state: Path) -> None:
    with Servers(state, fsync=False) as servers:
        version = servers.postgres.data / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(ServersError) as refusal:
        Servers(state).attach()
    assert "made by PostgreSQL 14" in str(refusal.value)
    assert "bin/manage embedded restore" in str(refusal.value)
    assert down(state)


def test_a_log_that_says_that_the_disk_is_full_becomes_a_sentence(state: Path) -> None:
    with Servers(state, fsync=False) as servers:
        configuration = servers.postgres.data / "postgresql.conf"
    with configuration.open("a") as out:
        out.write("\nmax_connections = 'No space left on device'\n")
    with pytest.raises(ServersError, match="is full"):
        Servers(state).attach()


def test_a_socket_directory_made_by_somebody_else_is_refused(state: Path, tmp_path: Path) -> None:
    (state / "run").symlink_to(tmp_path)
    with pytest.raises(ServersError, match="somebody else made it"):
        Servers(state)
    (state / "run").unlink()


def test_a_long_path_gets_its_sockets_in_the_temporary_directory(state: Path) -> None:
    deep = state / ("d" * SOCKET_PATH_LIMIT)
    with Servers(deep, fsync=False) as servers:
        assert servers.places.sockets.parent == Path(tempfile.gettempdir())
        with psycopg.connect(servers.postgres.url("portal_app")) as connection:
            assert connection.execute("SELECT current_user").fetchone() == ("portal_app",)
    servers.places.sockets.rmdir()


def test_naming_one_server_and_not_the_other_is_refused() -> None:
    with pytest.raises(ServersError, match="DATABASE_URL is set but REDIS_URL is not"):
        serving({"DATABASE_URL": "postgresql://app@host/portal"}).__enter__()


def test_named_servers_are_left_alone() -> None:
    environment = {"DATABASE_URL": "postgresql://app@host/portal", "REDIS_URL": "redis://host"}
    with serving(environment) as servers:
        assert servers is None
    assert environment == {"DATABASE_URL": "postgresql://app@host/portal", "REDIS_URL": "redis://host"}


def test_the_environment_is_filled_and_the_secrets_stay_the_same(state: Path) -> None:
    first: dict[str, str] = {}
    second: dict[str, str] = {"SECRET_KEY": "the caller's"}
    with serving(first, state):
        pass
    with serving(second, state):
        pass
    assert second == {**first, "SECRET_KEY": "the caller's"}
    assert first["OUTBOUND_ALLOWED_NETWORKS"] == LOOPBACK
    assert (state / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_the_app_role_is_weak_and_owns_nothing(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url("portal_app")) as connection:
        found = connection.execute(
            "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert found == (False, False, False, False, False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("CREATE TABLE mine (id int)")


def test_the_app_role_has_the_system_roles_rights_only_after_set_role(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url("portal_owner")) as connection:
        connection.execute("CREATE TABLE due (id int)")
        connection.execute("GRANT SELECT ON due TO portal_system")
    with psycopg.connect(servers.postgres.url("portal_app"), autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM due")
        with connection.transaction():
            connection.execute("SET LOCAL ROLE portal_system")
            assert connection.execute("SELECT * FROM due").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SET ROLE portal_search")


def test_the_owner_makes_a_function_that_runs_as_the_search_role(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url("portal_owner")) as connection:
        connection.execute("GRANT CREATE ON SCHEMA public TO portal_search")
        connection.execute(
            "CREATE FUNCTION who() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT current_user::text'"
        )
        connection.execute("ALTER FUNCTION who() OWNER TO portal_search")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM portal_search")
        assert connection.execute("SELECT who(), current_user::text").fetchone() == ("portal_search", "portal_owner")


def test_a_role_that_bypasses_row_security_is_refused(servers: Servers) -> None:
    with psycopg.connect(servers.postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("ALTER ROLE portal_app BYPASSRLS")
    with pytest.raises(ServersError, match="portal_app must be neither superuser nor BYPASSRLS"):
        servers.postgres.prepare("portal")


@pytest.mark.parametrize(
    "databases", [["portal"] * 8, [f"portal_{number}" for number in range(8)]], ids=["one", "eight"]
)
def test_the_roles_file_is_run_by_several_at_once(servers: Servers, databases: list[str]) -> None:
    """Installations that start together on one server, and test processes."""
    address = servers.postgres.url("postgres", "postgres")
    for _ in range(5):
        with ThreadPoolExecutor(len(databases)) as pool:
            list(pool.map(lambda database: prepare(servers.places.postgres_bin, address, database), databases))


def test_the_roles_file_gives_passwords_when_it_is_told_to(servers: Servers) -> None:

    prepare(servers.places.postgres_bin, servers.postgres.url("postgres", "postgres"), "portal", password="it's")
    with psycopg.connect(servers.postgres.url("postgres")) as connection:
        stored = connection.execute(
            "SELECT rolname FROM pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%' ORDER BY 1"
        ).fetchall()
    assert stored == [("portal_app",), ("portal_owner",)]


def test_binaries_of_an_older_server_serve_as_well(state: Path) -> None:
    """The oldest PostgreSQL on the machine, when there is one beside the embedded; the embedded one otherwise."""
    older = sorted(Path("/usr/lib/postgresql").glob("*/bin/pg_ctl"))
    places = settle(state)
    if older:
        places = replace(places, postgres_bin=older[0].parent)
    postgres = Postgres(places, fsync=False)
    postgres.start()
    try:
        with psycopg.connect(postgres.url("portal_app")) as connection:
            connection.execute("SET LOCAL ROLE portal_system")
            assert connection.execute("SELECT current_user").fetchone() == ("portal_system",)
    finally:
        postgres.stop()
