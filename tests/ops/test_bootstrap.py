"""The part of `./kiban` that runs before anything is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kiban.ops import bootstrap
from kiban.ops.bootstrap import BootstrapError


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout with lock files that install nothing."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        (tmp_path / name).write_text("")
    (tmp_path / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {"": {}}}')
    (tmp_path / "package.json").write_text('{"name": "x"}')
    (tmp_path / "src").mkdir()
    for name, path in (
        ("REPO", tmp_path),
        ("VENV", tmp_path / ".venv"),
        ("STAMP", tmp_path / ".venv" / "kiban-stamp"),
        ("NODE_MODULES", tmp_path / "node_modules"),
        ("NODE_STAMP", tmp_path / "node_modules" / ".kiban-stamp"),
    ):
        monkeypatch.setattr(bootstrap, name, path)
    return tmp_path


def test_it_needs_nothing_but_the_standard_library() -> None:
    program = f"import runpy; runpy.run_path({bootstrap.__file__!r})"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_environment_is_made_once_and_knows_the_sources(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bootstrap._install_python(False)
    assert "Installing" in capsys.readouterr().out
    found = subprocess.run(
        [str(checkout / ".venv" / "bin" / "python"), "-c", "import sys; print(sys.path)"],
        capture_output=True,
        text=True,
    )
    assert str(checkout / "src") in found.stdout
    bootstrap._install_python(False)
    assert capsys.readouterr().out == "", "the second time there is nothing to do"
    (checkout / "requirements.lock").write_text("# changed\n")
    bootstrap._install_python(False)
    assert "Installing" in capsys.readouterr().out


def test_what_tests_need_is_not_taken_away_by_up(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap._install_python(True)
    capsys.readouterr()
    bootstrap._install_python(False)
    assert capsys.readouterr().out == ""


def test_no_npm(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    with pytest.raises(BootstrapError, match=r"npm is missing[\s\S]*apt install npm"):
        bootstrap._install_npm(False)


def test_a_full_disk_before_installing(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED_SPACE", 2**60)
    with pytest.raises(BootstrapError, match="MB are free"):
        bootstrap._install_python(False)


@pytest.mark.parametrize(
    ("output", "hint"),
    [
        ("OSError: [Errno 28] No space left on device", "disk is full"),
        ("npm ERR! code ENOTFOUND", "network"),
        ("Could not find a version … No matching distribution found", "this kind of machine"),
        ("something else", ""),
    ],
)
def test_hints(output: str, hint: str) -> None:
    assert hint in bootstrap._hint(output)


def test_a_package_that_differs_from_its_hash_is_refused(checkout: Path) -> None:
    (checkout / "requirements.lock").write_text(f"polib==1.2.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(BootstrapError, match="could not be installed"):
        bootstrap._install_python(False)
    assert not bootstrap._venv_current(False)
