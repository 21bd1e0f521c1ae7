"""`./kiban` as its users meet it: clear words when something is in the way."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kiban.ops import cli, config, control
from kiban.ops.home import REPO, secret, write_private


def _run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    try:
        status = cli.main(arguments)
    except SystemExit as end:
        status = int(end.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.mark.parametrize("command", ["", "up", "down", "reset", "status", "test", "worker"])
def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str], command: str) -> None:
    status, out, _ = _run(capsys, *([command] if command else []), "--help")
    assert status == 0
    assert f"./kiban {command}".strip() in out


def test_all_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = _run(capsys, "--help")
    for name in ("up", "down", "reset", "status", "test", "worker", "django", *cli.DELEGATED):
        assert re.search(rf"\n    {name}\s", out)


@pytest.mark.parametrize(
    "arguments", [["fly"], ["up", "--port", "0"], ["up", "--port", "x"], ["down", "--now"], []]
)
def test_what_is_not_known_is_refused(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    status, _, err = _run(capsys, *arguments)
    assert status == 2 and "usage:" in err


def test_status_and_down_when_nothing_runs(kiban_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(capsys, "status")[:2] == (3, "kiban is not running.\n")
    assert _run(capsys, "status", "--json")[:2] == (3, '{"running": false}\n')
    assert _run(capsys, "down")[:2] == (0, "kiban is not running.\n")


def test_a_command_that_needs_the_database_says_that_it_does_not_run(kiban_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kiban.ops.cli", "django", "showmigrations"],
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == "kiban: The database does not run: ./kiban up starts it.\n"


def test_a_taken_port_is_named_with_a_free_one(
    kiban_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIBAN_MODE")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, _, err = _run(capsys, "up", "--port", str(port))
    assert status == 1
    assert f"Port {port} is taken" in err and "./kiban up --port" in err


def test_a_home_that_cannot_be_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIBAN_HOME", "/proc/kiban")
    status, _, err = _run(capsys, "up")
    assert status == 1 and "Set KIBAN_HOME to a folder of your own" in err


def test_a_full_disk(
    kiban_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "_NEEDED_SPACE", 2**60)
    status, _, err = _run(capsys, "up")
    assert status == 1 and "MB are free on the disk" in err


def test_production_asks_for_its_address_and_refuses_a_short_key(
    kiban_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIBAN_MODE")
    status, _, err = _run(capsys, "up", "--production")
    assert status == 1 and "KIBAN_BASE_URL" in err and "kiban.env" in err
    monkeypatch.setenv("KIBAN_BASE_URL", "http://kiban.example")
    assert "https://" in _run(capsys, "up", "--production")[2]
    monkeypatch.setenv("KIBAN_BASE_URL", "https://kiban.example")
    monkeypatch.setenv("KIBAN_SECRET_DJANGO_SECRET_KEY", "short")
    assert "at least 50 random characters" in _run(capsys, "up", "--production")[2]
    assert not (kiban_home / "mode").exists()


def test_demo_data_never_becomes_production(
    kiban_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KIBAN_MODE")
    kiban_home.mkdir()
    write_private(kiban_home / "mode", "demo\n")
    assert config.mode() == "demo"
    status, _, err = _run(capsys, "up", "--production")
    assert status == 1 and "can't become production" in err


def test_reset_asks_and_deletes_only_what_is_ours(
    kiban_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret("kiban_app")
    (kiban_home / "my-notes.txt").write_text("mine")
    assert _run(capsys, "reset")[0] == 1, "without a terminal it wants --yes"
    assert (kiban_home / "secrets" / "kiban_app").exists()
    assert _run(capsys, "reset", "--yes")[0] == 0
    assert not (kiban_home / "secrets").exists()
    assert (kiban_home / "my-notes.txt").read_text() == "mine"


def test_a_secret_is_made_once_even_by_two_at_a_time(kiban_home: Path) -> None:
    program = "from kiban.ops.home import secret; print(secret('key'))"
    running = [
        subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    found = {process.communicate()[0].strip() for process in running}
    assert len(found) == 1 and len(found.pop()) >= 40
    assert os.stat(kiban_home / "secrets" / "key").st_mode & 0o777 == 0o600


def test_an_external_database_by_url(kiban_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "KIBAN_DATABASE_URL", "postgresql://own%40er:p%2Fw@db.example:6432/kiban?sslmode=verify-full"
    )
    owner, app = config.database("owner"), config.database("app")
    assert (owner.user, owner.password, owner.port) == ("own@er", "p/w", 6432)
    assert owner.parameters()["sslmode"] == "verify-full"
    assert (app.user, app.host, app.name) == ("kiban_app", "db.example", "kiban")
    assert app.password != owner.password
    monkeypatch.setenv("KIBAN_DATABASE_URL", "mysql://x/y")
    with pytest.raises(config.ConfigurationError, match="postgresql://"):
        config.database("owner")


def _script(path: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(REPO / "kiban"), *arguments],
        env={"PATH": path, "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
    )


def test_the_script_refuses_an_old_python(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.8.1' && exit 0\nexit 1\n")
    old.chmod(0o755)
    done = _script("/usr/bin:/bin", "status", KIBAN_PYTHON=str(old))
    assert done.returncode == 1
    assert "is not a Python 3.11" in done.stderr


def test_the_script_tells_where_python_comes_from(tmp_path: Path) -> None:
    """A copy of the script without a virtual environment, on a machine with an old Python only."""
    for name in ("dirname", "sh", "echo"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\n[ \"$1\" = --version ] && echo 'Python 3.8.1' && exit 0\nexit 1\n")
    old.chmod(0o755)
    copy = tmp_path / "repo" / "kiban"
    copy.parent.mkdir()
    copy.write_bytes((REPO / "kiban").read_bytes())
    done = subprocess.run(
        ["/bin/sh", str(copy), "up"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "found: Python 3.8.1" in done.stderr and "apt install python3" in done.stderr
