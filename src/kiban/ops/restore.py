"""`kiban restore FILE`: makes an installation anew from a backup, in an empty KIBAN_HOME, and verifies it.

Nothing is taken on trust: the digest of each member, the keys, the rows of each table, the head of every chain, then
every chain, content, root and document (`kiban audit verify`), and every uploaded file that a row names. When a step
fails, what was made is taken away again, and the place is as empty as before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import psycopg

from kiban.ops import backup, config, keys, supervisor
from kiban.ops.config import ConfigurationError, Database
from kiban.ops.home import folder, home, write_private
from kiban.ops.postgres import Cluster, binaries
from kiban.ops.roles import prepare_database
from kiban.ops.standing import run_module, run_program, started

_PARTITIONS = """
    SELECT body FROM cases_case UNION SELECT body FROM cases_event UNION SELECT body FROM documents_document
    UNION SELECT body FROM cases_root UNION SELECT body FROM cases_attachment ORDER BY body
"""
_SMALL = 64 * 1024 * 1024


def main(argv: Sequence[str]) -> int:
    """The command line: see the module."""
    parser = argparse.ArgumentParser(
        prog="./kiban restore",
        description="Make an installation from a backup, in an empty KIBAN_HOME, and verify it.",
    )
    parser.add_argument("file", type=Path, help="a file made by ./kiban backup")
    parser.add_argument("--keys", type=Path, metavar="FILE", help="the keys, when they are not in the backup")
    arguments = parser.parse_args(list(argv))
    if config.external_url():
        raise ConfigurationError(
            "restore makes an embedded database. Into a server of your own restore database.dump of the archive with "
            "pg_restore, files/ into KIBAN_HOME/files/xx/, then ./kiban audit verify."
        )
    _check_empty()
    manifest = restore(arguments.file, arguments.keys)
    _say(
        f"Restored from {arguments.file} of {manifest['made_at']}. ./kiban up starts it ({manifest['mode']})."
    )
    return 0


def restore(file: Path, keys_file: Path | None = None) -> dict[str, Any]:
    """Restores into the empty KIBAN_HOME and verifies; the manifest. Raises ConfigurationError."""
    with supervisor.take_lock():
        place = Path(tempfile.mkdtemp(prefix=".restore-", dir=home()))
        cluster: Cluster | None = None
        try:
            manifest = _unpack(file, place)
            _install_keys(manifest, place, keys_file)
            cluster = Cluster()
            with started(cluster):
                _fill(cluster, place, manifest)
                _say("verifying chains, contents, roots and documents …")
                _verify(cluster.superuser("kiban"))
            write_private(home() / "mode", manifest["mode"] + "\n")
        except BaseException:
            _clear(cluster)
            raise
        finally:
            shutil.rmtree(place, ignore_errors=True)
    return manifest


def _check_empty() -> None:
    if supervisor.is_running():
        raise ConfigurationError(f"kiban runs in {home()}: restore needs an empty KIBAN_HOME.")
    if Cluster().exists or any(folder("files").iterdir()) or (folder("secrets") / "data.key").exists():
        raise ConfigurationError(
            f"{home()} holds data: a backup is restored into an empty place only. Set KIBAN_HOME to a new folder "
            "(or ./kiban reset, which deletes the data)."
        )


def _clear(cluster: Cluster | None) -> None:
    """The place was empty: whatever is there now is ours."""
    if cluster is not None:
        cluster.remove()
    for name in ("files", "secrets"):
        shutil.rmtree(home() / name, ignore_errors=True)


# Reading the archive


def _unpack(file: Path, place: Path) -> dict[str, Any]:
    """Checks the manifest, then unpacks and checks each member; the manifest."""
    try:
        with tarfile.open(file, "r:") as archive:
            first = archive.next()
            if first is None or first.name != backup.MANIFEST or first.size > _SMALL:
                raise ConfigurationError(f"{file} is no backup made by ./kiban backup.")
            manifest = json.loads(_open(archive, first).read())
            _check_versions(manifest, file)
            wanted: set[str] = set()
            for member in archive:
                if member is first:
                    continue
                if not member.isfile():
                    raise ConfigurationError(f"{file}: {member.name} does not belong into a backup.")
                wanted = _take(archive, member, manifest, place, wanted)
            if wanted:
                raise ConfigurationError(f"{file}: {len(wanted)} uploaded files are missing.")
    except (tarfile.TarError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(f"{file} is damaged or no backup of kiban ({error}).") from error
    except OSError as error:
        raise ConfigurationError(f"{file} can't be read: {error.strerror}.") from error
    for name in (backup.DUMP, backup.LIST):
        if not (place / name).is_file():
            raise ConfigurationError(f"{file} is cut off: {name} is missing.")
    return dict(manifest)


def _take(
    archive: tarfile.TarFile, member: tarfile.TarInfo, manifest: dict[str, Any], place: Path, wanted: set[str]
) -> set[str]:
    """Unpacks one member; the files that are still to come."""
    name = member.name
    if name.startswith("files/"):
        digest = name.removeprefix("files/")
        if digest not in wanted:
            raise ConfigurationError(f"{name} is not in the list of files.")
        target = folder("files") / digest[:2] / digest
        target.parent.mkdir(mode=0o700, exist_ok=True)
        _copy(archive, member, target, digest)
        wanted.remove(digest)
        return wanted
    if name not in manifest["sha256"]:
        raise ConfigurationError(f"{name} does not belong into a backup.")
    _copy(archive, member, place / name, manifest["sha256"][name])
    if name == backup.LIST:
        return set((place / name).read_text(encoding="ascii").split())
    return wanted


def _copy(archive: tarfile.TarFile, member: tarfile.TarInfo, target: Path, digest: str) -> None:
    found = hashlib.sha256()
    source = _open(archive, member)
    with target.open("xb") as stream:
        target.chmod(0o600)
        while chunk := source.read(1024 * 1024):
            found.update(chunk)
            stream.write(chunk)
    if found.hexdigest() != digest:
        raise ConfigurationError(f"{member.name} was changed since the backup was made: its digest differs.")


def _open(archive: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(member)
    if stream is None:
        raise ConfigurationError(f"{member.name} is no file.")
    return stream


def _check_versions(manifest: dict[str, Any], file: Path) -> None:
    if manifest["format"] != backup.FORMAT:
        raise ConfigurationError(
            f"{file} has the format {manifest['format']}; this version reads {backup.FORMAT}. Use the version of kiban "
            f"that made it{_at(manifest)}."
        )
    if manifest["postgres"] > _our_postgres():
        raise ConfigurationError(
            f"{file} comes from PostgreSQL {manifest['postgres']}; this version brings {_our_postgres()}."
        )
    newer = sorted(set(manifest["migrations"]) - known_migrations())
    if newer:
        raise ConfigurationError(
            f"{file} was made by a newer version of kiban{_at(manifest)}: this one does not know {newer[0]}. "
            "Use that version or a later one."
        )


def _at(manifest: dict[str, Any]) -> str:
    return f" (commit {manifest['commit'][:12]})" if manifest.get("commit") else ""


def _our_postgres() -> int:
    found = re.search(r"(\d+)$", binaries().name)
    return int(found[1]) if found else 18


def known_migrations() -> set[str]:
    """The migrations of this version, as app/name: without a database."""
    from django.db.migrations.loader import MigrationLoader

    return {f"{app}/{name}" for app, name in MigrationLoader(None).disk_migrations}


# Filling the place


def _install_keys(manifest: dict[str, Any], place: Path, keys_file: Path | None) -> None:
    source = keys_file or place / backup.KEYS
    if not source.is_file():
        raise ConfigurationError(
            f"{keys_file} is not there."
            if keys_file
            else "The keys are not in the backup: name them with --keys FILE."
        )
    keys.install(keys.unseal(source.read_text(encoding="utf-8"), keys.passphrase(new=False)))
    done = run_module("app", "kiban.ops.restored", "keys")
    missing = set(manifest["data_keys"]) - set(done.stdout.split())
    if missing:
        raise ConfigurationError(
            f"The keys are not those of this backup: {', '.join(sorted(missing))} is missing."
        )


def _fill(cluster: Cluster, place: Path, manifest: dict[str, Any]) -> None:
    prepare_database(cluster.superuser(), "kiban")
    target = cluster.superuser("kiban")
    _say("restoring the database …")
    run_program(
        "pg_restore", target, "--exit-on-error", "--jobs=2", "--dbname", target.name,
        str(place / backup.DUMP),
    )  # fmt: skip
    prepare_database(cluster.superuser(), "kiban")  # the rights on the schema, which was made anew
    _compare(target, manifest)
    done = run_module("owner", "kiban.ops.restored", "seal")
    if done.returncode != 0:
        raise ConfigurationError(
            f"The seal of scopes could not be installed: {supervisor.last_error(done.stderr)}"
        )


def _compare(target: Database, manifest: dict[str, Any]) -> None:
    with psycopg.connect(**target.parameters()) as connection:
        found = backup.counts(connection)
        differing = sorted(
            name for name in {*found, *manifest["counts"]} if found.get(name) != manifest["counts"].get(name)
        )
        if differing:
            raise ConfigurationError(
                f"The rows restored differ from those backed up: {', '.join(differing)}."
            )
        if backup.heads(connection) != manifest["heads"]:
            raise ConfigurationError("The chains restored end differently from those backed up.")


def _verify(target: Database) -> None:
    with psycopg.connect(**target.parameters()) as connection:
        rows = connection.execute(_PARTITIONS).fetchall()
    done = run_module("app", "kiban.ops.restored", "verify", said=" ".join(row[0] for row in rows))
    for line in done.stdout.splitlines()[-40:]:
        _say(f"  {line}")
    if done.returncode != 0:
        raise ConfigurationError(
            "What was restored does not verify; it was taken away again. "
            + supervisor.last_error(done.stderr)
        )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
