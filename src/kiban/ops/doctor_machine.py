"""What `kiban doctor` looks at without the database: versions, disk, secrets, processes, fonts, mail, backups."""

from __future__ import annotations

import json
import os
import platform
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from kiban.ops import config, supervisor
from kiban.ops.doctor import OK, WARNING, WRONG, Check, Finding
from kiban.ops.home import DATA_KEY, home
from kiban.ops.machine import alive
from kiban.ops.postgres import binaries

_LITTLE, _TOO_LITTLE = 2 * 2**30, 300 * 2**20
_DAYS = 2
_SOON = 30  # days before the end of a certificate at which it is told
_EVERYDAY = "東京都葛飾区 髙﨑 令和8年"


def versions() -> Finding:
    """The program, Python and PostgreSQL."""
    from kiban.ops.backup import commit

    found = subprocess.run(  # noqa: S603  (our own binary)
        [str(binaries() / "bin" / "postgres"), "--version"], capture_output=True, text=True, check=False
    )
    database = found.stdout.strip().removeprefix("postgres (PostgreSQL) ")
    if found.returncode != 0:
        return Finding(
            WRONG, "versions", "PostgreSQL's program does not run here", "rm -r .venv, then ./kiban up"
        )
    return Finding(
        OK, "versions", f"kiban {commit()[:12]}, Python {platform.python_version()}, PostgreSQL {database}"
    )


def disk() -> Finding:
    """Room for the data."""
    place = home() if home().is_dir() else home().parent
    free = shutil.disk_usage(place).free
    said = f"{free / 1e9:.1f} GB free at {home()}"
    if free < _LITTLE:
        level = WRONG if free < _TOO_LITTLE else WARNING
        return Finding(level, "disk", said, "free some space: at 0 the database stops until there is some")
    return Finding(OK, "disk", said)


def secrets() -> Iterator[Finding]:
    """Only their owner reads the secrets, and the key of the data is there."""
    place = home() / "secrets"
    if not place.is_dir():
        yield Finding(
            WRONG, "secrets", f"{place} is missing", "./kiban up makes it; restore it if there was one"
        )
        return
    loose = [
        path
        for path in [place, *place.iterdir()]
        if path.stat().st_mode & 0o077 or path.stat().st_uid not in (os.geteuid(), 0)
    ]
    if loose:
        names = ", ".join(path.name for path in loose)
        yield Finding(WRONG, "secrets", f"others may read: {names}", f"chmod -R go= {place}")
    else:
        yield Finding(OK, "secrets", "only their owner reads them")
    key = place / DATA_KEY
    if key.is_file() and key.stat().st_size > 1:
        yield Finding(OK, "data key", "is there")
    elif any((home() / "postgres").glob("data/PG_VERSION")):
        yield Finding(
            WRONG, "data key", f"{key} is missing: events can't be read",
            "put it back from the keys of a backup (./kiban backup --keys), before anybody acts",
        )  # fmt: skip


def processes() -> Finding:
    """Supervisor, database, server and worker run and stay."""
    if not supervisor.is_running():
        return Finding(WRONG, "processes", "kiban is not running", "./kiban up")
    found = supervisor.read_status()
    children = found.get("children", {})
    dead = [n for n, c in children.items() if not c["pid"] or not alive(c["pid"])]
    if dead or found.get("state") != "running":
        return Finding(
            WRONG, "processes", f"{found.get('state')}; not alive: {', '.join(dead) or 'none'}",
            f"they are started again; if not: {home() / 'logs'}",
        )  # fmt: skip
    restless = [f"{n} ({c['restarts']})" for n, c in children.items() if c["restarts"] > 5]
    if restless:
        return Finding(
            WARNING, "processes", f"often restarted: {', '.join(restless)}", f"see {home() / 'logs'}"
        )
    return Finding(OK, "processes", ", ".join(f"{name} {c['pid']}" for name, c in children.items()))


def health() -> Finding:
    """The server answers, and reaches its database."""
    found = supervisor.read_status()
    if not found.get("port"):
        return Finding(WRONG, "health", "nothing listens", "./kiban up")
    if supervisor.probe(found["port"], "/readyz", host=found["host"]):
        return Finding(OK, "health", f"/readyz answers on port {found['port']}")
    return Finding(
        WRONG,
        "health",
        f"/readyz does not answer on port {found['port']}",
        f"see {home() / 'logs' / 'server.log'}",
    )


def machine_clock() -> Finding:
    """The clock of this machine is kept right."""
    if not shutil.which("timedatectl"):
        return Finding(OK, "machine clock", time.strftime("%Y-%m-%d %H:%M:%S %Z"))
    done = subprocess.run(
        ["timedatectl", "show", "--property=NTPSynchronized", "--value"],  # noqa: S607
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.stdout.strip() == "no":
        return Finding(
            WARNING,
            "machine clock",
            "is not synchronised",
            "timedatectl set-ntp true (time limits depend on it)",
        )
    return Finding(OK, "machine clock", time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def account() -> Finding:
    """Nothing runs as root."""
    if os.geteuid() == 0 and config.mode() == "production":
        return Finding(
            WARNING, "account", "kiban runs as root", "run it as a user of its own (docs/operations.md)"
        )
    return Finding(OK, "account", f"uid {os.geteuid()}")


def backups() -> Finding:
    """A recent backup stands in KIBAN_HOME/backups (others are not known here)."""
    made = [path.stat().st_mtime for path in (home() / "backups").glob("*.tar")]
    if made and time.time() - max(made) < _DAYS * 86400:
        return Finding(
            OK, "backups", f"the last one {time.strftime('%Y-%m-%d %H:%M', time.localtime(max(made)))}"
        )
    if config.mode() != "production":
        return Finding(OK, "backups", "none, and none is needed: this is no production")
    return Finding(
        WARNING, "backups", f"none of the last {_DAYS} days in {home() / 'backups'}",
        "./kiban backup --keys FILE every night, and copy it to another place",
    )  # fmt: skip


def fonts() -> Finding:
    """Documents can be printed: the fonts are there and cover what they should."""
    from kiban.documents import fonts as document_fonts
    from kiban.documents import glyphs

    place = document_fonts.folder()
    lost = [source for source in document_fonts.SOURCES if not (place / source.file).is_file()]
    if any(source.kind == "npm" for source in lost):
        return Finding(WRONG, "fonts", f"no document can be printed: {place} is not complete", "./kiban up")
    if glyphs.missing(_EVERYDAY):
        return Finding(WRONG, "fonts", "everyday characters can't be printed", f"rm -r {place}; ./kiban up")
    if lost:
        packages = " ".join(sorted({source.package for source in lost}))
        return Finding(
            WARNING, "fonts", f"not covered: {'; '.join(source.covers for source in lost)}",
            f"install the Debian packages {packages}, then ./kiban down and up",
        )  # fmt: skip
    return Finding(OK, "fonts", f"{len(document_fonts.SOURCES)} files")


def signatures() -> Iterator[Finding]:
    """Issued documents are signed, by certificates that hold for a while yet."""
    from django.conf import settings

    from kiban.documents import signers, signing

    found = list(signers.all_signers())
    if not found:
        needed = settings.KIBAN_SIGNATURES == "required"
        said = "no key is set: documents " + ("wait until there is one" if needed else "leave unsigned")
        level = WRONG if needed else WARNING if config.mode() == "production" else OK
        remedy = f"put key and certificates into {home() / 'secrets' / signers.FOR_ALL} (docs/operations.md)"
        yield Finding(level, "signatures", said, "" if level == OK else remedy)
    for one in found:
        if isinstance(one, signers.SigningProblem):
            yield Finding(WRONG, "signatures", str(one), "docs/operations.md, “Signatures”")
            continue
        ends = one.certificate.not_valid_after_utc
        said = f"{one.name}: {one.subject}, until {ends:%Y-%m-%d}"
        if ends.timestamp() - time.time() < _SOON * 86400:
            yield Finding(WARNING, "signatures", said, "ask for a new certificate in time")
        else:
            yield Finding(OK, "signatures", said)
    stamper = signing.time_stamper()
    if stamper is not None:
        yield Finding(OK, "time stamps", str(getattr(stamper, "url", "")))


def static_files() -> Finding:
    """The files of the pages stand as the manifest names them."""
    place = home() / "static"
    try:
        named = json.loads((place / "staticfiles.json").read_text(encoding="utf-8"))["paths"].values()
    except (OSError, ValueError, KeyError):
        return Finding(WRONG, "static files", "were not collected", "./kiban down; ./kiban up")
    lost = [name for name in named if not (place / name).is_file()]
    if lost:
        return Finding(
            WRONG, "static files", f"{len(lost)} are missing, e.g. {lost[0]}", f"rm -r {place}; ./kiban up"
        )
    return Finding(OK, "static files", f"{len(named)} files")


def mail() -> Finding:
    """The mail server takes us, when one is set."""
    from django.core.mail import get_connection

    from kiban.ops.mail import mail as wanted

    found = wanted()
    if not found.host:
        level = WARNING if config.mode() == "production" else OK
        remedy = "set KIBAN_MAIL_URL and KIBAN_MAIL_FROM, so that notices leave" if level == WARNING else ""
        return Finding(level, "mail", "no mail is sent", remedy)
    connection = get_connection(timeout=10)
    try:
        connection.open()
        connection.close()
    except OSError as error:  # smtplib's errors are OSErrors too
        return Finding(
            WRONG, "mail", f"{found.host}:{found.port}: {type(error).__name__}",
            "check KIBAN_MAIL_URL, the password and the firewall",
        )  # fmt: skip
    return Finding(OK, "mail", f"{found.host}:{found.port} takes us")


def proxy() -> Finding:
    """In production a reverse proxy ends TLS, and we believe it."""
    from django.conf import settings

    if config.mode() == "production" and not settings.KIBAN_TRUSTED_PROXIES:
        return Finding(
            WRONG, "reverse proxy", "none is trusted: every page would redirect to https for ever",
            "KIBAN_BEHIND_PROXY=1 (on this machine) or KIBAN_TRUSTED_PROXIES=address",
        )  # fmt: skip
    return Finding(
        OK, "reverse proxy", ", ".join(map(str, settings.KIBAN_TRUSTED_PROXIES)) or "none is trusted"
    )


def environment_file() -> Iterator[Finding]:
    """kiban.env may hold passwords."""
    path: Path = home() / "kiban.env"
    if path.is_file():
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield Finding(WRONG, "kiban.env", "others may read it", f"chmod 600 {path}")
        else:
            yield Finding(OK, "kiban.env", "only its owner reads it")


CHECKS: tuple[Check, ...] = (
    versions, disk, secrets, environment_file, account, machine_clock, processes, health, backups,
)  # fmt: skip
WITH_SETTINGS: tuple[Check, ...] = (fonts, signatures, static_files, mail, proxy)
