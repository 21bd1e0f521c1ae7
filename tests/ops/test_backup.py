"""Backup and restore of a real installation: what comes back verifies, what was tampered with is refused."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from kiban.ops.home import REPO
from kiban.ops.machine import free_port
from kiban.ops.postgres import Cluster

Kiban = Callable[..., subprocess.CompletedProcess[str]]
PHRASE = "an invented passphrase"


def _commands(home: Path) -> Kiban:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KIBAN_", "DJANGO_"))}

    def kiban(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kiban.ops.cli", *arguments],
            env={**environment, "KIBAN_HOME": str(home), "KIBAN_BACKUP_PASSPHRASE": PHRASE, **more},
            capture_output=True, text=True, timeout=400,
        )  # fmt: skip

    return kiban


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """An empty folder with a short path that other users can pass through."""
    found = Path("/tmp") / f"kiban-backup-{os.getpid()}"
    found.mkdir(mode=0o755)
    yield found
    shutil.rmtree(found, ignore_errors=True)


@pytest.fixture(scope="module")
def source(place: Path) -> Iterator[tuple[Kiban, Path]]:
    """A demo installation that runs, with its backup and its keys beside it."""
    home = place / "one"
    home.mkdir(mode=0o711)
    fonts = REPO / ".kiban" / "test" / "fonts"
    if fonts.is_dir():
        shutil.copytree(fonts, home / "fonts")
    kiban = _commands(home)
    try:
        started = kiban("up", "--port", str(free_port(18200)))
        assert started.returncode == 0, started.stdout + started.stderr
        made = kiban("backup", str(place / "good.tar"), "--keys", str(place / "keys"))
        assert made.returncode == 0, made.stderr
        yield kiban, place / "good.tar"
    finally:
        kiban("down")


def _restore(place: Path, name: str, file: Path, *more: str, **environment: str) -> tuple[int, str, Path]:
    home = place / name
    done = _commands(home)("restore", str(file), *more, **environment)
    return done.returncode, done.stdout + done.stderr, home


def _changed(good: Path, target: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of an archive with members changed (None: left out)."""
    with tarfile.open(good) as old, tarfile.open(target, "w") as new:
        for member in old:
            stream = old.extractfile(member)
            content = change(member.name, stream.read() if stream else b"")
            if content is not None:
                member.size = len(content)
                new.addfile(member, io.BytesIO(content))
    return target


def _manifest(**changes: Any) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        return json.dumps({**json.loads(content), **changes}).encode() if name == "manifest.json" else content

    return change


def test_a_dump_may_take_long(
    source: tuple[Kiban, Path], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The snapshot is held open while pg_dump runs, however soon the server ends idle transactions."""
    kiban, _ = source
    monkeypatch.setenv("KIBAN_HOME", str(place / "one"))
    limit = "idle_in_transaction_session_timeout"
    with psycopg.connect(**Cluster().superuser("kiban").parameters(), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE kiban SET {limit} = '50ms'")
        try:
            done = kiban("backup", str(place / "long.tar"))
        finally:
            connection.execute(f"ALTER DATABASE kiban RESET {limit}")
    assert done.returncode == 0, done.stderr


def test_a_restored_installation_verifies_runs_and_upgrades(source: tuple[Kiban, Path], place: Path) -> None:
    _, good = source
    status, said, home = _restore(place, "two", good, "--keys", str(place / "keys"))
    assert status == 0, said
    assert "uploaded files: no difference" in said and "roots: no difference" in said
    kiban = _commands(home)
    again = kiban("restore", str(good), "--keys", str(place / "keys"))
    assert again.returncode == 1 and "holds data" in again.stderr, "only into an empty place"
    try:
        upgraded = kiban("upgrade")
        assert upgraded.returncode == 0, upgraded.stdout + upgraded.stderr
        assert list((home / "backups").glob("before-upgrade-*.tar"))
        shutil.copytree(place / "one" / "fonts", home / "fonts", dirs_exist_ok=True)
        started = kiban("up", "--port", str(free_port(18250)))
        assert started.returncode == 0, started.stdout + started.stderr
        for command in (("audit", "verify"), ("rebuild", "--check")):
            done = kiban(*command)
            assert done.returncode == 0 and "no difference" in done.stdout, done.stdout + done.stderr
        assert not done.stdout.startswith("0 cases")
    finally:
        kiban("down")


def test_the_backup_holds_no_key_and_only_its_owner_reads_it(source: tuple[Kiban, Path], place: Path) -> None:
    _, good = source
    with tarfile.open(good) as archive:
        names = archive.getnames()
    assert names[0] == "manifest.json" and "keys.json" not in names
    content = good.read_bytes()
    for key in (place / "one" / "secrets").iterdir():
        assert key.read_bytes().strip() not in content, key.name
        assert key.read_bytes().strip() not in (place / "keys").read_bytes()
    assert good.stat().st_mode & 0o077 == 0 and (place / "keys").stat().st_mode & 0o077 == 0
    assert not list(place.glob(".kiban-backup-*"))


def test_a_backup_never_replaces_a_file(source: tuple[Kiban, Path]) -> None:
    kiban, good = source
    before = hashlib.sha256(good.read_bytes()).digest()
    done = kiban("backup", str(good))
    assert done.returncode == 1 and "never replaces" in done.stderr
    assert hashlib.sha256(good.read_bytes()).digest() == before


def test_a_changed_member_is_refused(source: tuple[Kiban, Path], place: Path) -> None:
    _, good = source

    def flip(name: str, content: bytes) -> bytes:
        middle = len(content) // 2
        wanted = name == "database.dump"
        return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :] if wanted else content

    status, said, home = _restore(place, "flipped", _changed(good, place / "flipped.tar", flip))
    assert status == 1 and "database.dump was changed" in said
    assert not (home / "files").exists() and not list(home.glob("postgres/*"))


def test_a_changed_or_missing_upload_is_refused(source: tuple[Kiban, Path], place: Path) -> None:
    _, good = source
    changed = _changed(good, place / "u1.tar", lambda n, c: c + b"!" if n.startswith("files/") else c)
    assert "was changed" in _restore(place, "u1", changed)[1]
    missing = _changed(good, place / "u2.tar", lambda n, c: None if n.startswith("files/") else c)
    assert "uploaded files are missing" in _restore(place, "u2", missing)[1]
    cut = place / "u3.tar"
    cut.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    status, said, _ = _restore(place, "u3", cut)
    assert status == 1 and "Traceback" not in said
    strange = place / "u4.tar"
    with tarfile.open(good) as old, tarfile.open(strange, "w") as new:
        for member in old:
            new.addfile(member, old.extractfile(member))
        evil = tarfile.TarInfo("../../escape")
        evil.size = 1
        new.addfile(evil, io.BytesIO(b"x"))
    assert "does not belong into a backup" in _restore(place, "u4", strange)[1]


def test_another_version_is_refused(source: tuple[Kiban, Path], place: Path) -> None:
    _, good = source
    newer = _changed(good, place / "v1.tar", _manifest(format=99))
    assert "has the format 99" in _restore(place, "v1", newer)[1]
    with tarfile.open(good) as archive:
        stream = archive.extractfile("manifest.json")
        assert stream is not None
        known = json.load(stream)["migrations"]
    unknown = _changed(good, place / "v2.tar", _manifest(migrations=[*known, "cases/9999_from_the_future"]))
    status, said, _ = _restore(place, "v2", unknown)
    assert status == 1 and "newer version of kiban" in said and "cases/9999_from_the_future" in said
    postgres = _changed(good, place / "v3.tar", _manifest(postgres=99))
    assert "comes from PostgreSQL 99" in _restore(place, "v3", postgres)[1]
    nothing = place / "v4.tar"
    nothing.write_text("not a tar")
    assert "damaged or no backup" in _restore(place, "v4", nothing)[1]


def test_the_keys_must_be_those_of_the_backup(source: tuple[Kiban, Path], place: Path) -> None:
    _, good = source
    assert "name them with --keys" in _restore(place, "k1", good)[1]
    keys = ("--keys", str(place / "keys"))
    wrong = _restore(place, "k2", good, *keys, KIBAN_BACKUP_PASSPHRASE="another passphrase")[1]
    assert "The passphrase is not that of these keys" in wrong
    other = _changed(good, place / "k3.tar", _manifest(data_keys=["0123456789ab"]))
    status, said, home = _restore(place, "k3", other, *keys)
    assert status == 1 and "The keys are not those of this backup" in said
    assert not (home / "secrets" / "data.key").exists()


def test_rows_and_chains_that_differ_from_the_manifest_are_refused(
    source: tuple[Kiban, Path], place: Path
) -> None:
    _, good = source
    other = _changed(good, place / "h1.tar", _manifest(heads="0" * 64))
    status, said, home = _restore(place, "h1", other, "--keys", str(place / "keys"))
    assert status == 1 and "chains restored end differently" in said
    assert not list(home.glob("postgres/*")), "the place is empty again"


def test_what_was_changed_in_the_database_before_is_found_after(
    source: tuple[Kiban, Path], place: Path
) -> None:
    """Somebody with all power over the database changes one event: the backup is faithful, the restore says so."""
    kiban, _ = source
    environment = {"KIBAN_HOME": str(place / "one")}
    program = "from kiban.ops.postgres import Cluster; import json; print(json.dumps(Cluster().superuser('kiban').parameters()))"
    found = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    change = "UPDATE cases_event SET act = %s WHERE (body, case_id, seq) = (SELECT body, case_id, seq FROM cases_event ORDER BY 1, 2, 3 LIMIT 1) RETURNING act"
    with psycopg.connect(**json.loads(found.stdout), autocommit=True) as connection:
        before = connection.execute(
            "SELECT act FROM cases_event ORDER BY body, case_id, seq LIMIT 1"
        ).fetchone()
        assert before is not None
        connection.execute(change, ("tampered",))
        try:
            assert kiban("backup", str(place / "t.tar"), "--with-keys").returncode == 0
        finally:
            connection.execute(change, before)
    status, said, home = _restore(place, "t", place / "t.tar")
    assert status == 1 and "was changed (its hash differs)" in said and "does not verify" in said
    assert not list(home.glob("postgres/*"))
