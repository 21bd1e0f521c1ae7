"""Installing the document fonts: quick when done, whole or not at all, clear when something is absent."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kiban.documents import fonts
from kiban.ops.home import REPO


def test_a_second_install_is_quick_and_changes_nothing(font_dir: Path) -> None:
    before = {p.name: p.stat().st_mtime_ns for p in font_dir.iterdir()}
    report = fonts.install(font_dir)
    assert {p.name: p.stat().st_mtime_ns for p in font_dir.iterdir()} == before
    assert {s.file for s in fonts.SOURCES} <= set(report.present)


def test_every_source_is_of_the_family_it_says(font_dir: Path) -> None:
    by_file = {Path(i.path).name: i.family for i in fonts.load(font_dir).fonts() if i.path}
    assert {s.file: s.family for s in fonts.SOURCES} == {s.file: by_file[s.file] for s in fonts.SOURCES}


def test_without_npm_packages_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(fonts.FontsMissing, match="npm ci"):
        fonts.install(tmp_path / "fonts", node_modules=tmp_path / "node_modules")


def test_without_apt_it_works_and_says_what_is_not_covered(
    tmp_path: Path, font_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # as on a system that is not Debian
    for source in fonts.SOURCES:
        if source.kind == "deb" and (Path("/") / source.path).exists():
            pytest.skip("this system has Debian's fonts installed")
    report = fonts.install(tmp_path / "fonts")
    assert {s.package for s in report.absent} == {"fonts-ipamj-mincho", "fonts-hanazono"}
    assert "IPAmjMincho" in report.message()
    assert "apt-get" in report.message()
    assert [f.family for f in fonts.faces(tmp_path / "fonts")] == [fonts.SERIF[0], fonts.SANS[0]]


def test_a_font_that_the_operator_adds_is_used_after_the_others(tmp_path: Path, font_dir: Path) -> None:
    for source in fonts.SOURCES[:4]:
        os.link(font_dir / source.file, tmp_path / source.file)
    own = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not own.exists():
        pytest.skip("no other font on this machine")
    (tmp_path / "own.ttf").write_bytes(own.read_bytes())
    assert [f.family for f in fonts.faces(tmp_path)] == [fonts.SERIF[0], "DejaVu Sans", fonts.SANS[0]]


def test_documents_without_fonts_are_refused_with_the_remedy(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from kiban.documents import glyphs; glyphs.missing('a')"],
        env={**os.environ, "KIBAN_HOME": str(tmp_path)},
        cwd=REPO,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "./kiban up" in done.stderr
