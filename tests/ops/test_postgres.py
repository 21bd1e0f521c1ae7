"""The embedded PostgreSQL: made, started, found dead, found orphaned, entered by the right people only."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from kiban.ops import config
from kiban.ops.machine import PostgresError, free_port, port_free
from kiban.ops.postgres import Cluster
from kiban.ops.roles import prepare_database

Start = Callable[..., Cluster]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change the user")


def _enter(role: str) -> psycopg.Connection[psycopg.rows.TupleRow]:
    return psycopg.connect(**config.database(role).parameters(), autocommit=True)


def test_it_is_ready_when_a_real_query_is_answered(start: Start) -> None:
    cluster = start()
    with psycopg.connect(**cluster.superuser().parameters()) as connection:
        row = connection.execute("SELECT current_setting('server_version_num')::int / 10000").fetchone()
    assert row is not None and row[0] >= 18
    assert cluster.running_pid() == cluster.process.pid  # type: ignore[attr-defined]


def test_acknowledged_means_durable(start: Start) -> None:
    cluster = start()
    with psycopg.connect(**cluster.superuser().parameters()) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes", "data_checksums"):
            row = connection.execute(f"SHOW {name}").fetchone()
            assert row == ("on",), name


def test_encoding_and_locale(start: Start) -> None:
    prepare_database(start().superuser(), "kiban")
    with _enter("owner") as connection:
        row = connection.execute(
            "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
            "WHERE datname = 'kiban'"
        ).fetchone()
    assert row == ("UTF8", "C", "C")


def test_every_door_asks_for_a_password(start: Start) -> None:
    cluster = start()
    prepare_database(cluster.superuser(), "kiban")
    with psycopg.connect(**cluster.superuser().parameters()) as connection:
        methods = connection.execute("SELECT DISTINCT auth_method FROM pg_hba_file_rules").fetchall()
        verifiers = connection.execute(
            "SELECT rolname FROM pg_authid WHERE rolcanlogin AND rolpassword NOT LIKE 'SCRAM-SHA-256$%'"
        ).fetchall()
    assert methods == [("scram-sha-256",)]
    assert verifiers == []
    for role in config.ROLES:
        parameters = config.database(role).parameters()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(**{**parameters, "password": "wrong"})
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            psycopg.connect(**{**parameters, "password": ""})


def test_app_and_worker_own_nothing_and_see_through_nothing(start: Start) -> None:
    cluster = start()
    prepare_database(cluster.superuser(), "kiban")
    prepare_database(cluster.superuser(), "kiban")  # can be repeated
    with _enter("owner") as owner:
        owner.execute("CREATE TABLE thing (id int PRIMARY KEY)")
    with psycopg.connect(**cluster.superuser("kiban").parameters()) as connection:
        powers = connection.execute(
            "SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication "
            "FROM pg_roles WHERE rolname IN ('kiban_app', 'kiban_worker') ORDER BY rolname"
        ).fetchall()
        owned = connection.execute(
            "SELECT count(*) FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner "
            "WHERE r.rolname IN ('kiban_app', 'kiban_worker')"
        ).fetchone()
    assert powers == [(f"kiban_{role}", *[False] * 5) for role in ("app", "worker")]
    assert owned == (0,)
    for role in ("app", "worker"):
        with _enter(role) as guest:
            guest.execute("INSERT INTO thing VALUES (1)")
            guest.execute("DELETE FROM thing")
            for forbidden in (
                "CREATE TABLE mine (id int)",
                "CREATE SCHEMA mine",
                "ALTER TABLE thing ADD COLUMN name text",
                "TRUNCATE thing",
                "DROP TABLE thing",
                "SET ROLE kiban_owner",
                "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
            ):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    guest.execute(forbidden)


def test_after_sigkill_it_starts_again_and_has_what_was_committed(start: Start) -> None:
    cluster = start()
    prepare_database(cluster.superuser(), "kiban")
    with _enter("owner") as owner:
        owner.execute("CREATE TABLE thing (id int)")
        owner.execute("INSERT INTO thing VALUES (7)")
    os.kill(cluster.process.pid, signal.SIGKILL)  # type: ignore[attr-defined]
    cluster.process.wait()  # type: ignore[attr-defined]
    assert (cluster.data / "postmaster.pid").exists()
    start()
    with _enter("app") as app:
        assert app.execute("SELECT id FROM thing").fetchall() == [(7,)]


def test_a_stale_lock_file_with_a_strangers_pid_is_seen_through(start: Start) -> None:
    cluster = start()
    cluster.stop(cluster.process.pid)  # type: ignore[attr-defined]
    cluster.process.wait()  # type: ignore[attr-defined]
    stranger = subprocess.Popen(["sleep", "60"], user=cluster.account.uid if os.geteuid() == 0 else None)
    try:
        lock = cluster.data / "postmaster.pid"
        lock.write_text(
            f"{stranger.pid}\n{cluster.data}\n1700000000\n5432\n{cluster.sockets}\n\n 1 1\nready\n"
        )
        assert cluster.running_pid() is None
        start()
        assert stranger.poll() is None, "the stranger must be left alone"
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_nobody_watches_is_stopped_before_a_new_one_starts(start: Start) -> None:
    first = start(bound_to_us=False)
    second = start()
    assert first.process.wait(timeout=10) == 0  # type: ignore[attr-defined]
    assert second.running_pid() == second.process.pid  # type: ignore[attr-defined]


def test_it_stops_when_its_watcher_is_killed(start: Start, kiban_home: Path) -> None:
    cluster = start()
    cluster.stop(cluster.process.pid)  # type: ignore[attr-defined]
    cluster.process.wait()  # type: ignore[attr-defined]
    program = (
        "import sys, time\nfrom kiban.ops.postgres import Cluster\nc = Cluster()\n"
        "p = c.spawn(open('/dev/null', 'ab'))\nc.wait_ready(p)\nprint(p.pid, flush=True)\ntime.sleep(60)\n"
    )
    watcher = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert watcher.stdout is not None
    pid = int(watcher.stdout.readline())
    assert cluster.running_pid() == pid
    watcher.kill()
    watcher.wait()
    cluster.wait_gone(pid, patience=10)
    assert cluster.running_pid() is None


def test_nothing_outside_its_folder_is_changed(start: Start, kiban_home: Path) -> None:
    before = {path: path.stat() for path in kiban_home.parents}
    start()
    for path, was in before.items():
        now = path.stat()
        assert (now.st_mode, now.st_uid, now.st_gid) == (was.st_mode, was.st_uid, was.st_gid), path
    for secret in (kiban_home / "secrets").iterdir():
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert stat.S_IMODE((kiban_home / "secrets").stat().st_mode) == 0o700


@as_root
def test_below_a_closed_folder_the_data_is_placed_where_the_server_can_reach_it(
    start: Start, kiban_home: Path
) -> None:
    kiban_home.parent.chmod(0o700)
    cluster = start()
    assert cluster.moved and cluster.root.parent == Path("/var/lib")
    assert stat.S_IMODE(kiban_home.parent.stat().st_mode) == 0o700
    cluster.stop(cluster.process.pid)  # type: ignore[attr-defined]
    cluster.remove()
    assert not cluster.root.exists()


def test_a_path_too_long_for_a_socket_falls_back_to_a_port(
    start: Start, kiban_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIBAN_HOME", str(kiban_home.parent / ("long" * 25)))
    cluster = start()
    host, port = cluster.address()
    assert host == "127.0.0.1" and not port_free(port)
    prepare_database(cluster.superuser(), "kiban")
    with _enter("app") as app:
        assert app.execute("SELECT 1").fetchone() == (1,)


def test_somebody_elses_data_is_not_touched(kiban_home: Path) -> None:
    cluster = Cluster()
    for name in ("base", "global"):
        (cluster.data / name).mkdir(parents=True)
    for name in ("PG_VERSION", "global/pg_control", "postmaster.opts"):
        (cluster.data / name).write_text("18\n")
    with pytest.raises(PostgresError, match="did not make"):
        cluster.create()
    assert (cluster.data / "postmaster.opts").read_text() == "18\n"


def test_what_people_typed_does_not_reach_the_log(start: Start, kiban_home: Path) -> None:
    prepare_database(start().superuser(), "kiban")
    with _enter("owner") as owner:
        owner.execute("CREATE TABLE person (name text PRIMARY KEY)")
        owner.execute("INSERT INTO person VALUES ('山田花子')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            owner.execute("INSERT INTO person VALUES (%s)", ("山田花子",))
        with pytest.raises(psycopg.Error):
            owner.execute("SELECT '山田花子' FROM nowhere")
    assert "山田" not in (kiban_home / "postgres.log").read_text()


def test_free_port_passes_over_those_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not port_free(port)
        assert free_port(port) > port


def _external(cluster: Cluster, attributes: str) -> config.Database:
    """A database and its owner as an administrator of a real server would have made them."""
    with psycopg.connect(**cluster.superuser().parameters(), autocommit=True) as connection:
        connection.execute(f"CREATE ROLE prefecture LOGIN {attributes} PASSWORD 'of-the-prefecture'")
        connection.execute("CREATE DATABASE shared OWNER prefecture")
    host, port = cluster.address()
    return config.Database(host, port, "shared", "prefecture", "of-the-prefecture")


def test_on_an_external_server_the_given_user_owns_the_schema(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = _external(start(), "CREATEROLE")
    monkeypatch.setenv(
        "KIBAN_DATABASE_URL",
        f"postgresql://prefecture:of-the-prefecture@/shared?host={owner.host}&port={owner.port}",
    )
    assert config.database("owner").parameters() == owner.parameters()
    for _ in range(2):
        prepare_database(config.database("owner"), "shared", owner="prefecture")
    with _enter("owner") as connection:
        connection.execute("CREATE TABLE thing (id int)")
    for role in ("app", "worker"):
        with _enter(role) as guest:
            guest.execute("INSERT INTO thing VALUES (1)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                guest.execute("CREATE TABLE mine (id int)")


def test_an_external_user_that_may_not_make_roles_is_told_so(start: Start) -> None:
    owner = _external(start(), "")
    with pytest.raises(config.ConfigurationError, match="CREATEROLE"):
        prepare_database(owner, "shared", owner="prefecture")


def test_a_guest_role_with_power_is_refused(start: Start) -> None:
    cluster = start()
    with psycopg.connect(**cluster.superuser().parameters(), autocommit=True) as connection:
        connection.execute("CREATE ROLE kiban_app LOGIN BYPASSRLS")
    with pytest.raises(config.ConfigurationError, match="ALTER ROLE kiban_app NOSUPERUSER NOBYPASSRLS"):
        prepare_database(cluster.superuser(), "kiban")
