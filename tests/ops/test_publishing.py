"""`kiban check` and `kiban publish` as an editor calls them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from kiban.ops import check, publish

REPO = Path(__file__).resolve().parents[2]
SERVICE = REPO / "tests" / "services" / "house-subsidy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    target = tmp_path / "house-subsidy"
    shutil.copytree(SERVICE, target)
    return target


@pytest.fixture
def edit(folder: Path) -> Callable[[str, str, str], None]:
    def change(file: str, old: str, new: str) -> None:
        text = (folder / file).read_text(encoding="utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def test_check_says_what_changes(folder: Path, edit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    edit("service.yaml", "label: {ja: ", "label: {ja: 新")
    assert check.main([str(folder), "-q", "--against", str(SERVICE)]) == 0
    said = capsys.readouterr().out
    assert "からの変更: 1件" in said
    assert "・ 業務「新" in said
    assert check.main([str(folder), "-q", "--against", str(SERVICE), "--language", "en"]) == 0
    assert "Changes from" in capsys.readouterr().out
    assert check.main([str(folder), "--against", "no-such-folder"]) == 2


def test_check_lists_what_has_no_english(folder: Path, edit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert check.main([str(folder), "-q"]) == 0
    before = capsys.readouterr().out.count("no English for")
    edit("service.yaml", "label: {ja: 統計担当, en: Statistician}", "label: 統計担当")
    assert check.main([str(folder), "-q"]) == 0
    said = capsys.readouterr().out
    assert ": no English for 「統計担当」" in said
    assert said.count("no English for") == before + 1


def test_publish(database: Any, folder: Path, edit: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from kiban.definitions import editions
    from kiban.definitions.models import Edition
    from kiban.kernel.definitions.loader import load

    slug, in_force = load(SERVICE).slug, load(SERVICE).in_force
    assert publish.main([str(folder), "--dry-run"]) == 0
    assert not Edition.objects.exists()
    assert publish.main([str(folder)]) == 0
    assert f"is in force from {in_force}" in capsys.readouterr().out
    assert publish.main([str(folder)]) == 0
    assert "was published already" in capsys.readouterr().out
    assert Edition.objects.count() == 1
    first = Edition.objects.get().id

    assert publish.main([str(folder), "--from", "2030-04-01"]) == 0
    said = capsys.readouterr().out
    assert "施行の日" in said
    assert editions.current_id(slug, date(2030, 3, 31)) == first
    later = editions.current_id(slug, date(2030, 4, 1))
    assert later != first
    assert editions.get(later).service.in_force == date(2030, 4, 1)

    edit("service.yaml", "label: {ja: ", "label: {ja: 新")
    assert publish.main([str(folder), "--language", "en"]) == 0
    said = capsys.readouterr().out
    assert f"note: edition {later[:12]} follows from 2030-04-01" in said
    assert Edition.objects.count() == 3


def test_what_can_not_be_published(
    database: Any, folder: Path, edit: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    from kiban.definitions.models import Edition

    assert publish.main(["no-such-folder"]) == 2
    with pytest.raises(SystemExit):
        publish.main([str(folder), "--from", "tomorrow"])
    edit("service.yaml", "slug:", "slugg:")
    assert publish.main([str(folder)]) == 1
    said = capsys.readouterr().out
    assert "service.yaml:" in said
    assert "nothing was published" in said
    assert not Edition.objects.exists()
