"""A start passes over the preparation only when nothing that it reads has changed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kiban.ops import fingerprint
from kiban.ops.testing import TestDatabase


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of further services, as KIBAN_SERVICES names it."""
    folder = tmp_path / "services" / "x"
    folder.mkdir(parents=True)
    (folder / "service.yaml").write_text("slug: x\n")
    monkeypatch.setenv("KIBAN_SERVICES", str(tmp_path / "services"))
    return folder


def test_it_moves_with_every_source(service: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = [fingerprint.of_installation()]
    assert fingerprint.of_installation() == stamps[0]
    (service / "service.yaml").write_text("slug: y\n")
    stamps.append(fingerprint.of_installation())
    (service / "more.yaml").write_text("")
    stamps.append(fingerprint.of_installation())
    monkeypatch.setenv("KIBAN_MODE", "demo")
    stamps.append(fingerprint.of_installation())
    assert len(set(stamps)) == len(stamps)


def test_it_is_kept_in_the_database_and_asks_for_the_files(database: TestDatabase, kiban_files: Path) -> None:
    assert not fingerprint.is_prepared("a")
    fingerprint.record("a")
    assert fingerprint.is_prepared("a") and not fingerprint.is_prepared("b")
    fingerprint.record("b")
    assert fingerprint.is_prepared("b") and not fingerprint.is_prepared("a")
    (kiban_files / "static" / "staticfiles.json").unlink()
    assert not fingerprint.is_prepared("b")


@pytest.fixture
def kiban_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a start leaves in KIBAN_HOME, beside the tests' own."""
    home = Path(os.environ["KIBAN_HOME"])
    for name in ("static", "fonts"):
        (tmp_path / name).mkdir()
    (tmp_path / "static" / "staticfiles.json").write_text("{}")
    (tmp_path / "fonts" / "x.ttf").write_text("")
    for name in ("run", "secrets"):
        (tmp_path / name).symlink_to(home / name)
    monkeypatch.setenv("KIBAN_HOME", str(tmp_path))
    return tmp_path
