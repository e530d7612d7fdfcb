"""Backup and restore of two organizations under forced row security."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from embedded.backup import backup, restore
from embedded.commands import main
from embedded.errors import ServersError
from embedded.postgres import client
from embedded.servers import Servers

TENANTS = """
CREATE TABLE note (organization_id bigint NOT NULL, id bigint PRIMARY KEY, body text);
INSERT INTO note VALUES (1, 1, 'Größe'), (1, 2, 'two'), (2, 3, 'שלום');
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
ALTER TABLE note FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON note USING (organization_id = nullif(current_setting('portal.organization', true), '')::bigint);
GRANT SELECT, DELETE ON note TO portal_app;
GRANT SELECT ON note TO portal_search;
CREATE POLICY search ON note FOR SELECT TO portal_search USING (true);
CREATE INDEX note_trigrams ON note USING gin (body gin_trgm_ops);
GRANT CREATE ON SCHEMA public TO portal_search;
CREATE FUNCTION note_count() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM note';
ALTER FUNCTION note_count() OWNER TO portal_search;
REVOKE CREATE ON SCHEMA public FROM portal_search;
"""


@pytest.fixture
def filled(servers: Servers) -> Servers:
    with psycopg.connect(servers.postgres.url("portal_owner")) as connection:
        connection.execute(TENANTS)
    return servers


def seen(servers: Servers, organization: int) -> list[tuple[int, str]]:
    with psycopg.connect(servers.postgres.url("portal_app")) as connection:
        connection.execute("SELECT set_config('portal.organization', %s, false)", [str(organization)])
        return connection.execute("SELECT id, body FROM note ORDER BY id").fetchall()


def test_every_organization_comes_back_with_its_walls(filled: Servers, tmp_path: Path) -> None:
    assert backup(filled, tmp_path / "portal.dump") == (tmp_path / "portal.dump").stat().st_size
    with psycopg.connect(filled.postgres.url("portal_owner")) as connection:
        connection.execute("DROP TABLE note CASCADE")
    restore(filled, tmp_path / "portal.dump", force=True)
    assert seen(filled, 1) == [(1, "Größe"), (2, "two")]
    assert seen(filled, 2) == [(3, "שלום")]
    assert seen(filled, 3) == []
    with psycopg.connect(filled.postgres.url("portal_owner")) as connection:
        assert connection.execute("SELECT note_count(), (SELECT count(*) FROM note)").fetchone() == (3, 0)
        assert connection.execute(
            "SELECT tableowner, (SELECT rolname FROM pg_proc JOIN pg_roles r ON r.oid = proowner WHERE proname = 'note_count') "
            "FROM pg_tables WHERE tablename = 'note'"
        ).fetchone() == ("portal_owner", "portal_search")


def test_the_owner_could_not_have_dumped_it(filled: Servers, tmp_path: Path) -> None:
    with pytest.raises(ServersError, match="row-level security"):
        client(
            filled.places.postgres_bin / "pg_dump",
            "--format=custom",
            f"--file={tmp_path / 'owner.dump'}",
            filled.postgres.url("portal_owner"),
        )


def test_the_file_is_for_its_owner_alone_and_nothing_half_written_stays(filled: Servers, tmp_path: Path) -> None:
    backup(filled, tmp_path / "portal.dump")
    assert (tmp_path / "portal.dump").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["portal.dump"]


def test_data_are_replaced_only_by_force(filled: Servers, tmp_path: Path) -> None:
    backup(filled, tmp_path / "portal.dump")
    with pytest.raises(ServersError, match="There is data already"):
        restore(filled, tmp_path / "portal.dump")


def test_a_broken_file_leaves_the_data_as_they_were(filled: Servers, tmp_path: Path) -> None:
    backup(filled, tmp_path / "portal.dump")
    whole = (tmp_path / "portal.dump").read_bytes()
    (tmp_path / "portal.dump").write_bytes(whole[:-20])
    with pytest.raises(ServersError, match="pg_restore failed"):
        restore(filled, tmp_path / "portal.dump", force=True)
    assert seen(filled, 1) == [(1, "Größe"), (2, "two")]


def test_servers_in_use_are_not_restored_over(filled: Servers, tmp_path: Path) -> None:
    backup(filled, tmp_path / "portal.dump")
    with Servers(filled.places.state) as other, pytest.raises(ServersError, match="in use"):
        restore(other, tmp_path / "portal.dump", force=True)


def test_the_commands_work_on_the_servers_of_the_state_directory(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORTAL_STATE", str(state))
    file = str(tmp_path / "portal.dump")
    with Servers(state, fsync=False) as servers, psycopg.connect(servers.postgres.url("portal_owner")) as connection:
        connection.execute(TENANTS)
    assert main(["backup", file]) == 0
    assert main(["restore", file]) == 2
    assert main(["restore", file, "--force"]) == 0
    assert main(["restore", str(tmp_path / "absent")]) == 2
    assert main(["status"]) == 0
    assert main(["stop"]) == 0
    said = capsys.readouterr()
    assert "There is data already" in said.err
    assert "PostgreSQL  stopped" in said.out


def test_a_backup_from_before_the_first_release_is_refused_and_the_data_stay(filled: Servers, tmp_path: Path) -> None:
    with psycopg.connect(filled.postgres.url("portal_owner")) as connection:
        connection.execute("CREATE TABLE django_migrations (app text, name text)")
        connection.execute("INSERT INTO django_migrations VALUES ('tenancy', '0001_initial')")
    backup(filled, tmp_path / "old.dump")
    with psycopg.connect(filled.postgres.url("portal_owner")) as connection:
        connection.execute("UPDATE django_migrations SET name = '0001_schema'")
    with pytest.raises(ServersError, match=r"before its first release.*Restore it with the version that made it\.$"):
        restore(filled, tmp_path / "old.dump", force=True)
    assert seen(filled, 1) == [(1, "Größe"), (2, "two")]
    backup(filled, tmp_path / "own.dump")
    restore(filled, tmp_path / "own.dump", force=True)
