"""What the machine allows: users, paths that a user can reach, free ports, live processes."""

from __future__ import annotations

import contextlib
import os
import pwd
import socket
import stat
from dataclasses import dataclass
from pathlib import Path

_UNPRIVILEGED = ("kiban", "nobody")


class PostgresError(RuntimeError):
    """The database can't be made, started or reached; the text says why and what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system user that PostgreSQL runs as."""

    uid: int
    gid: int
    name: str


def account() -> Account:
    """Ourselves, or an unprivileged user when we are root (PostgreSQL refuses to run as root)."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), "")
    for name in _UNPRIVILEGED:
        with contextlib.suppress(KeyError):
            found = pwd.getpwnam(name)
            return Account(found.pw_uid, found.pw_gid, name)
    raise PostgresError(
        "PostgreSQL does not run as root and no unprivileged user was found. Make one: useradd --system kiban"
    )


def reachable(path: Path, uid: int) -> bool:
    """May this user pass through every parent of the path, and run it if it is a program?

    Read from the mode bits; nothing is changed.
    """
    for parent in path.resolve().parents:
        found = parent.stat()
        if found.st_uid == uid and found.st_mode & stat.S_IXUSR:
            continue
        if not found.st_mode & stat.S_IXOTH:
            return False
    return not path.is_file() or bool(path.stat().st_mode & stat.S_IXOTH)


def port_free(port: int, host: str = "127.0.0.1") -> bool:
    """Can a server listen here now?"""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def free_port(start: int, host: str = "127.0.0.1") -> int:
    """The first free port at or after `start`; PostgresError when there is none in the next 200."""
    for port in range(start, min(start + 200, 65536)):
        if port_free(port, host):
            return port
    raise PostgresError(f"No free port between {start} and {start + 199} on {host}.")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
