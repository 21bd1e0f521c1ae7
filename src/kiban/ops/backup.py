"""`kiban backup [FILE]`: database, uploaded files and (on demand) the keys in one file that says what it holds.

An archive is a tar: `manifest.json` first, then `database.dump` (pg_dump, custom format), `files.txt` (the SHA-256 of
each file), `files/<sha256>` and, when asked for, `keys.json` (encrypted, `kiban.ops.keys`). The manifest holds the
versions, the digest of each member, the rows of each table and one digest over the head of every chain, all of one
snapshot. It may be made while kiban runs: files are written before the rows that name them, and never change.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from kiban.kernel.dates import JST
from kiban.ops import config, keys
from kiban.ops.config import ConfigurationError, Database
from kiban.ops.home import REPO, folder, write_private
from kiban.ops.standing import database, run_program

FORMAT = 1
MANIFEST, DUMP, LIST, KEYS = "manifest.json", "database.dump", "files.txt", "keys.json"
_CHUNK = 1024 * 1024
_HEADS = "SELECT body, id::text, seq, encode(head, 'hex') FROM cases_case ORDER BY body, id"


def main(argv: Sequence[str]) -> int:
    """The command line: see the module."""
    parser = argparse.ArgumentParser(
        prog="./kiban backup",
        description="Write the database and the uploaded files into one file, also while kiban runs.",
        epilog="The keys are encrypted with a passphrase: KIBAN_BACKUP_PASSPHRASE, or typed. Keep them apart from the "
        "backup: without them the content of the events can't be read; with both everything can.",
    )
    parser.add_argument("file", nargs="?", type=Path, help="default: KIBAN_HOME/backups/kiban-<time>.tar")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--keys", type=Path, metavar="FILE", help="write the keys to a file of their own")
    chosen.add_argument("--with-keys", action="store_true", help="put the keys into the backup")
    arguments = parser.parse_args(list(argv))
    target = arguments.file or default_target()
    manifest = write(target, keys_file=arguments.keys, with_keys=arguments.with_keys)
    _say(f"{target}  ({target.stat().st_size / 1e6:.1f} MB)")
    counts = manifest["counts"]
    _say(
        f"  {counts.get('cases_case', 0)} cases, {counts.get('cases_event', 0)} events, {manifest['files']} files"
    )
    if arguments.keys:
        _say(f"  keys: {arguments.keys}")
    elif not arguments.with_keys:
        _say(
            "  The keys are not in it: ./kiban backup --keys FILE writes them. Without them it can't be read."
        )
    return 0


def default_target() -> Path:
    """A new file in KIBAN_HOME/backups, named by the time in Japan."""
    return folder("backups") / f"kiban-{datetime.now(JST):%Y%m%d-%H%M%S}.tar"


def write(target: Path, *, keys_file: Path | None = None, with_keys: bool = False) -> dict[str, Any]:
    """Makes the archive, whole or not at all; the manifest. Raises ConfigurationError with the remedy."""
    for path in (target, keys_file):
        if path is not None and path.exists():
            raise ConfigurationError(f"{path} is there already: a backup never replaces a file.")
        if path is not None and not path.absolute().parent.is_dir():
            raise ConfigurationError(f"There is no folder {path.absolute().parent}.")
    sealed = ""
    if keys_file is not None or with_keys:
        sealed = keys.seal(keys.collect(), keys.passphrase(new=True))
    with database() as source, _beside(target) as place:
        manifest = _dump(source, place / DUMP)
        _pack(place, manifest, sealed if with_keys else "")
        (place / "archive").chmod(0o600)
        (place / "archive").replace(target)
    if keys_file is not None:
        write_private(keys_file.absolute(), sealed + "\n")
    return manifest


class _beside:  # noqa: N801  (a context manager that reads as a preposition)
    """A private folder on the disk of the target, gone at the end."""

    def __init__(self, target: Path) -> None:
        self.made = Path(tempfile.mkdtemp(prefix=".kiban-backup-", dir=target.absolute().parent))

    def __enter__(self) -> Path:
        return self.made

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.made, ignore_errors=True)


def _dump(source: Database, target: Path) -> dict[str, Any]:
    """Dumps the database, and describes the same snapshot."""
    with psycopg.connect(**source.parameters()) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.execute(
            "SET idle_in_transaction_session_timeout = 0"
        )  # it waits as long as the dump takes
        _check_space(connection, target.parent)
        snapshot = _one(connection, "SELECT pg_export_snapshot()")
        run_program(
            "pg_dump", source, "--format=custom", "--compress=1", f"--snapshot={snapshot}", f"--file={target}",
            "--dbname", source.name,
        )  # fmt: skip
        return {
            "format": FORMAT,
            "made_at": datetime.now(JST).isoformat(timespec="seconds"),
            "commit": commit(),
            "mode": config.mode(),
            "postgres": int(_one(connection, "SHOW server_version_num")) // 10000,
            "migrations": migrations(connection),
            "counts": counts(connection),
            "heads": heads(connection),
            "data_keys": [
                row[0] for row in connection.execute("SELECT DISTINCT key_id FROM cases_eventcontent ORDER BY 1")
            ],
        }  # fmt: skip


def _check_space(connection: psycopg.Connection[Any], place: Path) -> None:
    files = sum(path.stat().st_size for path in stored_files())
    needed = int(_one(connection, "SELECT pg_database_size(current_database())")) + 2 * files
    free = shutil.disk_usage(place).free
    if free < needed:
        raise ConfigurationError(
            f"{place}: {free // 10**6} MB are free; the backup may need {needed // 10**6} MB. "
            "Name a file on another disk."
        )


def counts(connection: psycopg.Connection[Any]) -> dict[str, int]:
    """The rows of every table."""
    found = connection.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY 1"
    ).fetchall()
    return {
        name: int(connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(name))).fetchone()[0])  # type: ignore[index]
        for (name,) in found
    }


def heads(connection: psycopg.Connection[Any]) -> str:
    """SHA-256 over body, case, number of events and head of every chain, in order."""
    digest = hashlib.sha256()
    with connection.cursor(name="kiban_heads") as cursor:
        cursor.itersize = 20_000
        for row in cursor.execute(_HEADS):
            digest.update("/".join(map(str, row)).encode() + b"\n")
    return digest.hexdigest()


def migrations(connection: psycopg.Connection[Any]) -> list[str]:
    """What has been migrated, as app/name."""
    rows = connection.execute("SELECT app || '/' || name FROM django_migrations ORDER BY 1").fetchall()
    return [row[0] for row in rows]


def stored_files() -> Iterator[Path]:
    """The uploaded files, by digest. What is being written at this moment is left out."""
    yield from sorted(path for path in folder("files").glob("??/*") if len(path.name) == 64)


def commit() -> str:
    """The version of the program; empty where that is not known."""
    head = REPO / ".git" / "HEAD"
    try:
        text = head.read_text(encoding="utf-8").strip()
        return (
            (REPO / ".git" / text[5:]).read_text(encoding="utf-8").strip()
            if text.startswith("ref: ")
            else text
        )
    except OSError:
        return ""


def _pack(place: Path, manifest: dict[str, Any], sealed: str) -> None:
    found = list(stored_files())
    listed = "".join(f"{path.name}\n" for path in found).encode()
    manifest["files"] = len(found)
    manifest["sha256"] = {DUMP: digest_of(place / DUMP), LIST: hashlib.sha256(listed).hexdigest()}
    if sealed:
        manifest["sha256"][KEYS] = hashlib.sha256(sealed.encode()).hexdigest()
    with tarfile.open(place / "archive", "w", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False).encode())
        _add(archive, LIST, listed)
        if sealed:
            _add(archive, KEYS, sealed.encode())
        archive.add(place / DUMP, DUMP)
        (place / DUMP).unlink()
        for path in found:
            archive.add(path, f"files/{path.name}")
    with (place / "archive").open("rb") as stream:
        os.fsync(stream.fileno())


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o600
    archive.addfile(member, io.BytesIO(content))


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _one(connection: psycopg.Connection[Any], query: str) -> Any:
    row = connection.execute(SQL(query)).fetchone()
    assert row is not None
    return row[0]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
