"""The whole thing as a stranger starts it: up, each process killed, up again, down."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from kiban.kernel.dates import JST
from kiban.ops.home import REPO
from kiban.ops.machine import free_port

Kiban = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Kiban, Path, int]]:
    """A demo installation in a KIBAN_HOME of its own (fonts are taken from the tests' home when they are there)."""
    home = Path("/tmp") / f"kiban-up-{os.getpid()}"
    home.mkdir(mode=0o755)
    fonts = REPO / ".kiban" / "test" / "fonts"
    if fonts.is_dir():
        shutil.copytree(fonts, home / "fonts")
    port = free_port(18000)
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("KIBAN_", "DJANGO_"))}

    def kiban(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "kiban.ops.cli", *arguments],
            env={**environment, "KIBAN_HOME": str(home)},
            capture_output=True,
            text=True,
            timeout=300,
        )

    started = kiban("up", "--port", str(port))
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        assert f"http://localhost:{port}/" in started.stdout
        yield kiban, home, port
    finally:
        kiban("down")
        shutil.rmtree(home, ignore_errors=True)


def _ready(port: int, path: str = "/readyz") -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _wait(condition: Callable[[], bool], limit: float = 20.0) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < limit, "not in time"
        time.sleep(0.05)
    return time.monotonic() - started


def _status(kiban: Kiban) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(kiban("status", "--json").stdout)
    return found


def test_the_doctor_finds_it_sound(installation: tuple[Kiban, Path, int]) -> None:
    kiban, _home, _port = installation
    said = kiban("doctor", "--json")
    found = json.loads(said.stdout.splitlines()[-1])
    assert [finding for finding in found["findings"] if finding["level"] == "wrong"] == []
    assert (said.returncode, found["wrong"]) == (0, 0)


@pytest.mark.parametrize("name", ["postgres", "server", "worker"])
def test_what_is_killed_comes_back(installation: tuple[Kiban, Path, int], name: str) -> None:
    kiban, _home, port = installation
    before = _status(kiban)["children"][name]
    os.kill(before["pid"], signal.SIGKILL)

    def back() -> bool:
        after = _status(kiban)["children"][name]
        return after["pid"] not in (None, before["pid"]) and after["restarts"] == before["restarts"] + 1

    _wait(back)
    _wait(lambda: _ready(port))


def test_a_killed_server_worker_comes_back(installation: tuple[Kiban, Path, int]) -> None:
    kiban, _home, port = installation
    server = psutil.Process(_status(kiban)["children"]["server"]["pid"])
    _wait(lambda: len(server.children()) == 2)
    victim = server.children()[0]
    victim.kill()
    _wait(lambda: len([c for c in server.children() if c.pid != victim.pid]) == 2)
    _wait(lambda: _ready(port))


def test_up_again_says_that_it_runs(installation: tuple[Kiban, Path, int]) -> None:
    kiban, _home, port = installation
    again = kiban("up")
    assert again.returncode == 0
    assert "running already" in again.stdout and f"http://localhost:{port}/" in again.stdout
    other = kiban("up", "--port", str(free_port(port + 1)))
    assert other.returncode == 1 and f"already runs on port {port}" in other.stderr


def test_static_files_are_hashed_and_kept_for_long(installation: tuple[Kiban, Path, int]) -> None:
    _kiban, home, port = installation
    manifest = json.loads((home / "static" / "staticfiles.json").read_text())["paths"]
    name = manifest["vendor/htmx/htmx.min.js"]
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/{name}") as answer:
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"htmx" in answer.read()


def test_the_second_start_comes_back(installation: tuple[Kiban, Path, int]) -> None:
    kiban, _home, port = installation
    assert kiban("down").returncode == 0
    assert kiban("status").returncode == 3
    assert not _ready(port)
    assert kiban("up", "--port", str(port)).returncode == 0
    assert _ready(port)


def test_a_killed_supervisor_takes_all_with_it_and_the_next_start_is_whole(
    installation: tuple[Kiban, Path, int],
) -> None:
    kiban, _home, port = installation
    status = _status(kiban)
    children = [psutil.Process(child["pid"]) for child in status["children"].values()]
    os.kill(status["pid"], signal.SIGKILL)
    psutil.wait_procs(children, timeout=20)
    assert not [c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE]
    assert kiban("status").returncode == 3
    assert kiban("up", "--port", str(port)).returncode == 0
    assert _ready(port)


def test_the_log_of_the_server_is_json(installation: tuple[Kiban, Path, int]) -> None:
    _kiban, home, port = installation
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/no-such-page?name=secret-name")
    except urllib.error.HTTPError as error:
        assert error.code == 404
    lines = (home / "logs" / "server.log").read_text().splitlines()
    assert lines and all(json.loads(line)["level"] for line in lines if line.startswith("{"))
    assert "secret-name" not in "\n".join(lines)


def _said(value: Any) -> Iterator[str]:
    """The words in Japanese that somebody entered somewhere in this data."""
    if isinstance(value, dict):
        for item in value.values():
            yield from _said(item)
    elif isinstance(value, list):
        for item in value:
            yield from _said(item)
    elif isinstance(value, str) and len(value) > 3 and not value.isascii():
        yield value


CLERK = "demo-131229-temporary-plate-clerk-A"
APPLICATION = {
    "applicant_kind": "individual", "applicant_name": "架空苗字 次郎", "applicant_phone": "03-0000-9876",
    "applicant_address": {"text": "東京都葛飾区立石九丁目98番76号"}, "receiver_same": True, "vehicle_name": "架空自動車",
    "vehicle_class": "ordinary", "vehicle_shape": "box", "chassis_no": "KKU000-9876543", "purpose_code": "inspect",
    "route_from": {"text": "東京都葛飾区立石"}, "route_to": {"text": "東京都足立区南花畑"}, "insurer": "架空損害保険",
    "insurance_no": "KKU9876543", "vehicle_doc_kind": "inspection_certificate", "vehicle_doc_is_copy": False,
}  # fmt: skip


def _call(port: int, path: str, token: str, data: object) -> tuple[int, Any]:
    """A POST of JSON to the API."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/v1{path}", data=json.dumps(data).encode(), method="POST",
        headers={
            "Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex, "Content-Type": "application/json",
        },
    )  # fmt: skip
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _submit(kiban: Kiban, port: int) -> str:
    """A clerk enters an application over the wire: refused, then accepted, then withdrawn. The token is returned."""
    token = kiban("admin", "token", CLERK, "--days", "1").stdout.split()[-1]
    today = datetime.now(JST).date()
    days = {
        "period_from": today,
        "period_to": today,
        "insurance_from": today,
        "insurance_to": today + timedelta(30),
    }
    said = {**APPLICATION, **{name: str(day) for name, day in days.items()}}
    path = "/bodies/131229/services/temporary-plate/procedures/permit/cases"
    assert _call(port, path, token, {"data": {**said, "applicant_phone": "架空の番号"}})[0] == 422
    status, opened = _call(port, path, token, {"data": said})
    assert status == 201, opened
    act = f"/bodies/131229/cases/{opened['id']}/acts/withdraw"
    assert _call(port, act, token, {"data": {"comment": "架空苗字さんの都合"}})[0] == 200
    return token


def test_metrics_count_all_processes_together(installation: tuple[Kiban, Path, int]) -> None:
    """Both workers of the server, and the worker, in one exposition; without the token there is nothing."""
    _kiban, home, port = installation
    address = f"http://127.0.0.1:{port}/metrics"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(address, timeout=10)
    token = (home / "secrets" / "metrics_token").read_text().strip()

    def scraped() -> dict[str, float]:
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            families = text_string_to_metric_families(answer.read().decode())
            found: dict[str, float] = {}
            for sample in (sample for family in families for sample in family.samples):
                found[sample.name] = found.get(sample.name, 0.0) + sample.value
            return found

    before = scraped()["kiban_requests_total"]
    for _ in range(20):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/bodies/", timeout=30) as answer:
            assert answer.status == 200
    assert scraped()["kiban_requests_total"] >= before + 20
    _wait(lambda: scraped()["kiban_workers_alive"] >= 1)  # one that was killed counts for a minute
    _wait(lambda: scraped().get("kiban_worker_rounds_total", 0) > 0)
    assert {"kiban_queue_waiting", "kiban_queue_dead", "kiban_request_seconds_sum"} <= scraped().keys()


def test_no_log_holds_what_people_entered(installation: tuple[Kiban, Path, int]) -> None:
    """The demo's cases were played through the door; pages and API are asked with names; no log says any of it."""
    kiban, home, port = installation
    token = _submit(kiban, port)
    name, plain = "見本苗字 花子", "mihon.hanako@example.jp"
    query = urllib.parse.urlencode({"q": name, "next": f"/{plain}"})
    for path in (
        "/", f"/bodies/?{query}", f"/procedures/?{query}", f"/api/v1/bodies?{query}", f"/sign-in/?{query}",
        f"/my/?{query}", "/" + urllib.parse.quote(name), f"/api/v1/{urllib.parse.quote(name)}",
    ):  # fmt: skip
        for data in (None, urllib.parse.urlencode({"username": name, "password": plain}).encode()):
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data=data)
            request.add_header("User-Agent", plain)
            request.add_header("Referer", f"http://127.0.0.1:{port}/{plain}")
            with contextlib.suppress(urllib.error.HTTPError):
                urllib.request.urlopen(request, timeout=10).read()
    entered = set(_said(yaml.safe_load((REPO / "demo" / "temporary-plate.yaml").read_text(encoding="utf-8"))))
    assert len(entered) > 5
    entered |= {
        *_said(APPLICATION),
        "架空苗字",
        "架空の番号",
        "KKU000-9876543",
        "KKU9876543",
        "03-0000-9876",
        token,
    }
    time.sleep(2)  # the worker has delivered what the acts left
    logs = sorted((home / "logs").iterdir())
    assert {"server.log", "worker.log", "postgres.log", "prepare.log"} <= {log.name for log in logs}
    for log in logs:
        text = log.read_text(encoding="utf-8")
        for words in (name, plain, urllib.parse.quote(name), "見本苗字", *entered):
            assert words not in text, (log.name, words)
            assert json.dumps(words)[1:-1] not in text, (log.name, words)
