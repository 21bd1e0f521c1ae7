"""How a process finds its database: by role, from the embedded server or from KIBAN_DATABASE_URL."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from kiban.ops.home import home, secret

ROLES = ("owner", "app", "worker")
MODES = ("demo", "production", "test")


class ConfigurationError(RuntimeError):
    """The environment asks for something that can't be: the text says what and how to mend it."""


_LINE = re.compile(r"(?:export\s+)?(KIBAN_[A-Z_]+)=(.*)\Z")


def load_environment() -> None:
    """Variables from KIBAN_HOME/kiban.env (`NAME=value`, one a line, # begins a comment line).

    What the environment itself says outranks the file. Raises ConfigurationError with the line.
    """
    path = home() / "kiban.env"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise ConfigurationError(f"{path} can't be read: {error.strerror}.") from error
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        found = _LINE.match(text)
        if found is None or found[1] == "KIBAN_HOME":
            raise ConfigurationError(f"{path}, line {number}: write KIBAN_NAME=value (not KIBAN_HOME).")
        os.environ.setdefault(found[1], found[2].strip().strip("\"'"))


def allowed_hosts(base_url: str) -> list[str]:
    """The host names that are answered: KIBAN_ALLOWED_HOSTS, else this machine and the host of the public address."""
    given = [host.strip() for host in os.environ.get("KIBAN_ALLOWED_HOSTS", "").split(",") if host.strip()]
    if given:
        return given
    here = ["localhost", "127.0.0.1", "[::1]"]
    public = urlsplit(base_url).hostname or ""
    return [public] if mode() == "production" and public else list(dict.fromkeys([*here, public or here[0]]))


def rate(name: str, default: float) -> float:
    """A number of requests a second from the environment. Raises ConfigurationError."""
    text = os.environ.get(name, "").strip()
    try:
        found = float(text) if text else default
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1_000_000:
        raise ConfigurationError(f"{name}={text}: give requests a second such as {default:g}; 0 is no limit.")
    return found


def one_of(name: str, *words: str) -> str:
    """One of these words from the environment, else the first. Raises ConfigurationError."""
    found = os.environ.get(name, "").strip() or words[0]
    if found not in words:
        raise ConfigurationError(f"{name}={found}: it must be one of {', '.join(words)}.")
    return found


@dataclass(frozen=True)
class Database:
    """Where a database is and as whom to enter it."""

    host: str
    port: int
    name: str
    user: str
    password: str
    options: tuple[tuple[str, str], ...] = ()

    def parameters(self) -> dict[str, Any]:
        """Keyword arguments of `psycopg.connect`."""
        return {
            "host": self.host,
            "port": self.port,
            "dbname": self.name,
            "user": self.user,
            "password": self.password,
            **dict(self.options),
        }


def mode() -> str:
    """`demo`, `production` or `test`: KIBAN_MODE, else as this KIBAN_HOME was first started, else demo."""
    value = os.environ.get("KIBAN_MODE") or remembered_mode() or "demo"
    if value not in MODES:
        raise ConfigurationError(f"KIBAN_MODE is {value!r}; it must be one of {', '.join(MODES)}.")
    return value


def remembered_mode() -> str:
    """The mode in which this KIBAN_HOME was first started; empty before that."""
    try:
        return (home() / "mode").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def role() -> str:
    """The database role of this process, from KIBAN_DB_ROLE (app when unset)."""
    value = os.environ.get("KIBAN_DB_ROLE", "app")
    if value not in ROLES:
        raise ConfigurationError(f"KIBAN_DB_ROLE is {value!r}; it must be one of {', '.join(ROLES)}.")
    return value


def external_url() -> str:
    """KIBAN_DATABASE_URL, or the empty text when the embedded server is used."""
    return os.environ.get("KIBAN_DATABASE_URL", "").strip()


def database(role_name: str | None = None) -> Database:
    """The database as seen by a role (owner, app, worker)."""
    role_name = role_name or role()
    url = external_url()
    base = from_url(url) if url else _embedded()
    name = os.environ.get("KIBAN_DATABASE_NAME") or base.name
    if url and role_name == "owner":
        return Database(base.host, base.port, name, base.user, base.password, base.options)
    user = f"kiban_{role_name}"
    return Database(base.host, base.port, name, user, secret(user), base.options)


def _embedded() -> Database:
    """The address that the embedded server's supervisor wrote down.

    Before the first start nothing is written: the address is then the socket folder it will use, so that
    commands that need no database still load the settings.
    """
    path = home() / "run" / "postgres.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        found = {"host": str(home() / "run"), "port": 5432}
    return Database(str(found["host"]), int(found["port"]), "kiban", "", "")


def from_url(url: str) -> Database:
    """Where a postgresql:// address points to. Raises ConfigurationError."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres") or not parts.path.strip("/"):
        raise ConfigurationError(
            "KIBAN_DATABASE_URL must look like postgresql://user:password@host:5432/name?sslmode=verify-full"
        )
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or unquote(parts.hostname or "")
    return Database(
        host,
        parts.port or int(options.pop("port", "5432")),
        unquote(parts.path.strip("/")),
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        tuple(sorted(options.items())),
    )
