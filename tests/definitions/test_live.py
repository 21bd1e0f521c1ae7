"""An edition published with one command while people submit: same processes, each case under its own edition."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest

REPO = Path(__file__).resolve().parents[2]
FIRST = REPO / "services" / "temporary-plate"
BODY = "131229"
BEFORE, FROM = "2026-10-02", "2026-10-05"  # a Friday, and the Monday on which the new edition holds
OLD = "type: integer, unit: 日, value: 5, law: 道路運送車両法35条3項"


@dataclass
class Load:
    """Clerks who send applications over HTTP. `answers`: (day before, day after, days asked, status, JSON)."""

    url: str
    tokens: list[str]
    day: str = BEFORE
    answers: list[tuple[str, str, int, int, dict[str, Any]]] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def start(self) -> list[threading.Thread]:
        threads = [threading.Thread(target=self._run, args=(token,)) for token in self.tokens]
        for thread in threads:
            thread.start()
        return threads

    def _run(self, token: str) -> None:
        while not self.stop.is_set():
            for days in (5, 6):
                day = self.day
                status, answer = self.send(token, f"/bodies/{BODY}/services/temporary-plate/procedures/permit/cases",
                                           {"data": application(day, days)})  # fmt: skip
                self.answers.append((day, self.day, days, status, answer))

    def send(self, token: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        headers = {
            "Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex,
        }  # fmt: skip
        data = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(f"{self.url}/api/v1{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as found:
                return found.status, json.load(found)
        except urllib.error.HTTPError as refused:
            return refused.code, json.load(refused)

    def of(self, day: str, days: int) -> list[tuple[int, dict[str, Any]]]:
        """Answers to applications that were sent and answered on one and the same day."""
        return [(status, found) for a, b, n, status, found in self.answers if a == b == day and n == days]


def application(day: str, days: int) -> dict[str, Any]:
    first = date.fromisoformat(day)
    return {
        "applicant_kind": "individual", "applicant_name": "見本 花子", "applicant_phone": "03-0000-0000",
        "applicant_address": {"text": "東京都葛飾区立石五丁目13番1号"}, "receiver_same": True, "vehicle_name": "見本",
        "vehicle_class": "ordinary", "vehicle_shape": "box", "chassis_no": f"MHN-{uuid.uuid4().hex[:12]}",
        "purpose_code": "inspect", "route_from": {"text": "東京都葛飾区立石"}, "route_to": {"text": "東京都足立区南花畑"},
        "period_from": day, "period_to": str(first + timedelta(days=days - 1)), "insurance_exempt": False,
        "insurer": "見本損害保険", "insurance_no": "MHN-1", "insurance_from": "2026-09-01", "insurance_to": "2027-09-01",
        "vehicle_doc_kind": "inspection_certificate", "vehicle_doc_is_copy": False,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The service's folder as somebody edits it: seven days instead of five."""
    target = tmp_path / "temporary-plate"
    shutil.copytree(FIRST, target)
    file = target / "parameters.yaml"
    text = file.read_text(encoding="utf-8")
    assert text.count(OLD) == 1
    file.write_text(text.replace(OLD, OLD.replace("value: 5", "value: 7")), encoding="utf-8")
    return target


@pytest.fixture
def load(database: Any, server_url: str) -> Iterator[Load]:
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    _set_day(BEFORE)
    publish_folder(FIRST)
    tokens = []
    for n in range(4):
        user = User.objects.create_user(f"live-{n}", display_name="見本 職員", kind="staff")
        for role in ("clerk", "approver"):
            actors.grant(user, BODY, "temporary-plate", role, date(2026, 4, 1))
        tokens.append(actors.new_token(user))
    found = Load(server_url, tokens)
    threads = found.start()
    yield found
    found.stop.set()
    for thread in threads:
        thread.join(30)
    clock.set_clock(None)


def _set_day(day: str) -> None:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment(f"{day}T10:00"))


def _servers() -> set[int]:
    return {p.pid for p in psutil.Process().children(recursive=True) if "granian" in " ".join(p.cmdline())}


def _until(load: Load, count: int) -> None:
    """Waits until so many more answers have come."""
    wanted, deadline = len(load.answers) + count, time.monotonic() + 60
    while len(load.answers) < wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(load.answers) >= wanted


def _kiban(database: Any, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "kiban.ops.cli", *arguments], env=database.environment(), capture_output=True,
        text=True, cwd=REPO, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_published_under_load(load: Load, database: Any, folder: Path) -> None:
    servers = _servers()
    assert servers
    _until(load, 16)
    dry = _kiban(database, "publish", str(folder), "--from", FROM, "--dry-run")
    assert "パラメータ「運行の期間の上限」: 5日 → 7日（令和8年10月5日から）（道路運送車両法35条3項）" in dry
    assert "would be published" in dry
    said = _kiban(database, "publish", str(folder), "--from", FROM)
    assert "5日 → 7日" in said
    assert f"is in force from {FROM}" in said
    _until(load, 16)
    _set_day(FROM)
    load.day = FROM
    _until(load, 24)
    load.stop.set()
    assert _servers() == servers

    assert {status for status, _ in load.of(BEFORE, 5)} == {201}
    assert {status for status, _ in load.of(BEFORE, 6)} == {422}
    refused = load.of(BEFORE, 6)[-1][1]
    assert [problem["code"] for problem in refused["problems"]] == ["E-PERIOD-5"]
    assert {status for status, _ in load.of(FROM, 5)} == {201}
    assert {status for status, _ in load.of(FROM, 6)} == {201}
    _each_under_its_own_edition(load)


def _each_under_its_own_edition(load: Load) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import Case
    from kiban.definitions import editions

    old = editions.current_id("temporary-plate", date.fromisoformat(BEFORE))
    new = editions.current_id("temporary-plate", date.fromisoformat(FROM))
    assert old != new
    early, late = (load.of(day, 5)[-1][1]["id"] for day in (BEFORE, FROM))
    accepted = {a["id"] for day in (BEFORE, FROM) for n in (5, 6) for s, a in load.of(day, n) if s == 201}
    with scope(BODY):
        found = {str(row.id): row.edition for row in Case.objects.filter(body=BODY)}
    assert (found[early], found[late]) == (old, new)
    assert accepted <= set(found)  # nothing acknowledged is lost
    # A case in flight goes on under its own edition, on the day of the new one.
    status, answer = load.send(load.tokens[0], f"/bodies/{BODY}/cases/{early}/acts/accept", {"data": {}})
    assert status == 200, answer
    with scope(BODY):
        assert Case.objects.get(body=BODY, id=early).edition == old
