"""What `kiban doctor` finds, and that it says what to do. Each fault is a real one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiban.ops import doctor, doctor_database, doctor_machine
from kiban.ops.doctor import OK, WARNING, WRONG, Check, Finding
from kiban.ops.home import folder, secret, write_private

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase


def _only(check: Check) -> Finding:
    (found,) = doctor.run(check)
    assert found.level == OK or found.remedy, "what is wrong has a remedy"
    return found


def test_secrets_that_others_read(kiban_home: Path) -> None:
    assert _only(doctor_machine.secrets).level == WRONG, "nothing is there yet"
    secret("kiban_app")
    assert [f.level for f in doctor.run(doctor_machine.secrets)] == [OK]
    (kiban_home / "secrets" / "kiban_app").chmod(0o644)
    found = _only(doctor_machine.secrets)
    assert found.level == WRONG and "kiban_app" in found.said and "chmod" in found.remedy


def test_a_database_without_its_key(kiban_home: Path) -> None:
    secret("kiban_app")
    (kiban_home / "postgres" / "data").mkdir(parents=True)
    (kiban_home / "postgres" / "data" / "PG_VERSION").write_text("18")
    found = list(doctor.run(doctor_machine.secrets))
    assert found[-1].level == WRONG and "data.key is missing" in found[-1].said
    secret("data.key")
    assert [f.level for f in doctor.run(doctor_machine.secrets)] == [OK, OK]


def test_looking_for_a_lost_key_makes_none(kiban_home: Path) -> None:
    folder("secrets")
    assert _only(doctor_database.data_keys).level == WRONG
    assert not (kiban_home / "secrets" / "data.key").exists()


def test_the_key_is_made_at_the_first_start_only(kiban_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiban.ops import control

    monkeypatch.setenv("KIBAN_MODE", "demo")
    folder("run")
    control._choose_mode(production=False)
    key = kiban_home / "secrets" / "data.key"
    assert key.is_file()
    key.unlink()
    control._choose_mode(production=False)
    assert not key.exists(), "a lost key is not replaced unseen"


def test_a_full_disk(kiban_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert _only(doctor_machine.disk).level == OK
    monkeypatch.setattr(doctor_machine, "_TOO_LITTLE", 2**60)
    monkeypatch.setattr(doctor_machine, "_LITTLE", 2**61)
    assert _only(doctor_machine.disk).level == WRONG


def test_nothing_runs_here(kiban_home: Path) -> None:
    assert _only(doctor_machine.processes).remedy == "./kiban up"
    assert _only(doctor_machine.health).level == WRONG


def test_mail_that_nobody_takes(kiban_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.conf import settings

    monkeypatch.delenv("KIBAN_MAIL_URL", raising=False)
    assert _only(doctor_machine.mail).level == OK
    monkeypatch.setenv("KIBAN_MODE", "production")
    assert _only(doctor_machine.mail).level == WARNING
    monkeypatch.setenv("KIBAN_MAIL_URL", "smtp://127.0.0.1:9")
    monkeypatch.setenv("KIBAN_MAIL_FROM", "kiban@example.lg.jp")
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "django.core.mail.backends.smtp.EmailBackend")
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", 9)
    found = _only(doctor_machine.mail)
    assert found.level == WRONG and "127.0.0.1:9" in found.said


def test_production_wants_a_trusted_proxy_and_backups(
    kiban_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings

    monkeypatch.setenv("KIBAN_MODE", "production")
    monkeypatch.setattr(settings, "KIBAN_TRUSTED_PROXIES", ())
    assert "KIBAN_BEHIND_PROXY" in _only(doctor_machine.proxy).remedy
    assert _only(doctor_machine.backups).level == WARNING
    (folder("backups") / "kiban-1.tar").touch()
    assert _only(doctor_machine.backups).level == OK


def test_static_files_that_are_gone(kiban_home: Path) -> None:
    assert _only(doctor_machine.static_files).level == WRONG
    write_private(folder("static") / "staticfiles.json", json.dumps({"paths": {"a.css": "a.1.css"}}))
    assert "a.1.css" in _only(doctor_machine.static_files).said
    (kiban_home / "static" / "a.1.css").touch()
    assert _only(doctor_machine.static_files).level == OK


def test_settings_in_a_file_that_others_read(kiban_home: Path) -> None:
    folder("run")
    (kiban_home / "kiban.env").write_text("KIBAN_MAIL_URL=smtps://u:p@host\n")
    (kiban_home / "kiban.env").chmod(0o640)
    assert "chmod 600" in _only(doctor_machine.environment_file).remedy


# In the database


@contextmanager
def _broken(database: TestDatabase, change: str, back: str) -> Iterator[None]:
    database.administrator.execute(change.encode())
    try:
        yield
    finally:
        database.administrator.execute(back.encode())


def test_a_sound_database(database: TestDatabase) -> None:
    secret("data.key")
    levels = {finding.what: finding.level for finding in doctor.run(doctor_database.reachable)}
    for check in doctor_database.CHECKS:
        levels |= {finding.what: finding.level for finding in doctor.run(check)}
    assert {what for what, level in levels.items() if level == WRONG} == set()
    assert {"roles", "migrations", "row-level security", "clocks", "outbox", "e-mail", "webhooks"} <= set(
        levels
    )


def test_security_that_is_not_forced(database: TestDatabase) -> None:
    table = "ALTER TABLE cases_notice {} ROW LEVEL SECURITY"
    with _broken(database, table.format("NO FORCE"), table.format("FORCE")):
        found = _only(doctor_database.row_level_security)
        assert found.level == WRONG and "cases_notice" in found.said


def test_a_table_that_the_application_owns(database: TestDatabase) -> None:
    with _broken(
        database, "CREATE TABLE mine (x int); ALTER TABLE mine OWNER TO kiban_app", "DROP TABLE mine"
    ):
        assert "mine" in _only(doctor_database.roles).said
    assert _only(doctor_database.roles).level == OK


def test_migrations_of_another_version(database: TestDatabase) -> None:
    row = "django_migrations (app, name, applied) VALUES ('cases', '{}', now())"
    out = "DELETE FROM django_migrations WHERE app = 'cases' AND name = '{}'"
    new, old = "9999_from_the_future", "0002_protect"
    with _broken(database, f"INSERT INTO {row.format(new)}", out.format(new)):
        assert "newer version" in _only(doctor_database.migrations).said
    with _broken(database, out.format(old), f"INSERT INTO {row.format(old)}"):
        assert _only(doctor_database.migrations).remedy == "./kiban upgrade"


def test_clocks_that_nobody_fires(database: TestDatabase) -> None:
    insert = (
        "SET session_replication_role = replica; INSERT INTO cases_agenda (body, case_id, clock, at, fired) VALUES "
        "('131229', gen_random_uuid(), 'due', now() - interval '1 hour', false); SET session_replication_role = origin"
    )
    with _broken(database, insert, "DELETE FROM cases_agenda"):
        found = {finding.what: finding for finding in doctor.run(doctor_database.work)}["clocks"]
        assert found.level == WRONG and "late, the oldest by 60 minutes" in found.said


def test_the_exit_status_tells(kiban_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a place where nothing was started yet; that of a sound one is looked at where one runs (test_up)."""
    assert doctor.main([]) == 1
    assert "→ ./kiban up" in capsys.readouterr().out
    assert doctor.main(["--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    levels = [finding["level"] for finding in said["findings"]]
    assert said["wrong"] == levels.count(WRONG) > 0


def test_a_look_that_fails_is_a_finding(kiban_home: Path) -> None:
    def broken() -> Finding:
        raise RuntimeError("boom")

    (found,) = doctor.run(broken)
    assert found.level == WRONG and "boom" in found.said
