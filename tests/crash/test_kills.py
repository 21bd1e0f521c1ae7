"""SIGKILL under load: whatever was acknowledged stands, once, and everything comes back by itself."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiban.ops.home import REPO
from tests.crash.stack import VICTIMS, Stack, wait

DATA = {
    "applicant_kind": "individual", "applicant_name": "見本 𠮷田", "applicant_phone": "03-0000-0000",
    "applicant_address": {"text": "東京都葛飾区立石五丁目13番1号", "lg_code": "131229"}, "receiver_same": True,
    "vehicle_name": "トヨタ", "vehicle_class": "ordinary", "vehicle_shape": "box", "purpose_code": "inspect",
    "route_from": {"text": "東京都葛飾区立石", "lg_code": "131229"},
    "route_to": {"text": "東京都足立区南花畑", "lg_code": "131211"}, "period_from": "2026-10-05",
    "period_to": "2026-10-09", "insurer": "試験損害保険", "insurance_no": "A0001", "insurance_from": "2026-09-01",
    "insurance_to": "2026-10-10", "insurance_exempt": False, "vehicle_doc_kind": "inspection_certificate",
    "vehicle_doc_is_copy": False, "copy_attested": False,
}  # fmt: skip
PLATES = 60
RECOVERY_LIMIT = 20.0  # seconds; the longest pause before a restart is among them


@pytest.fixture
def stack() -> Iterator[Stack]:
    made = Stack()
    try:
        made.up()
        yield made
    finally:
        made.down()


def test_three_kills_under_load(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    _crash(stack, capsys, clients=4, rounds=1, victims=("server worker", "postgres", "worker"), calm=1.0)


@pytest.mark.full
def test_kills_of_every_process_under_load(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    """Each of the five kinds of processes four times with eight clients in flight, then while clocks fire."""
    _crash(stack, capsys, clients=8, rounds=4, victims=VICTIMS, calm=3.0, clocks=True)


def _crash(
    stack: Stack,
    capsys: pytest.CaptureFixture[str],
    *,
    clients: int,
    rounds: int,
    victims: tuple[str, ...],
    calm: float,
    clocks: bool = False,
) -> None:
    began = time.monotonic()
    people = _seed(stack, clients)
    running = [_client(stack, number, said) for number, said in enumerate(people["clients"])]
    recoveries: list[tuple[str, float]] = []
    try:
        wait(lambda: _acknowledged(stack) > 2 * clients, limit=60, what="the first acts")
        for _ in range(rounds):
            for victim in random.sample(victims, len(victims)):
                recoveries.append((victim, stack.kill(victim)))
                before = _acknowledged(stack)
                wait(
                    lambda before=before: _acknowledged(stack) > before, limit=60, what=f"acts after {victim}"
                )
                time.sleep(calm * random.uniform(0.5, 1.5))
    finally:
        (stack.folder / "stop").touch()
        codes = [_ended(process) for process in running]
    assert codes == [0] * clients, [path.read_text()[-2000:] for path in stack.folder.glob("client-*.err")]
    if clocks:
        recoveries += _clocks(stack)
    _drain(stack)
    found = _verified(stack)
    worst = max(recoveries, key=lambda pair: pair[1])
    with capsys.disabled():
        sys.stdout.write(
            f"\n  {len(recoveries)} kills, {found['figures']['acts acknowledged']} acts acknowledged by {clients} "
            f"clients, worst recovery {worst[1]:.1f} s ({worst[0]}), {time.monotonic() - began:.0f} s in all\n"
            f"  {json.dumps(found['figures'], ensure_ascii=False)}\n"
        )
    assert found["wrong"] == []
    assert found["figures"]["answers after a retry"] > 0, "no client was hit by a kill"
    assert worst[1] < RECOVERY_LIMIT, recoveries
    _audited(stack)
    _would_be_seen(stack)


def _would_be_seen(stack: Stack) -> None:
    """The checks themselves: an acknowledged act that is not there, and one that nobody was told of, are named."""
    diary = _diaries(stack)[0]
    lines = diary.read_text("utf-8").splitlines()
    told = next(number for number, line in enumerate(lines) if json.loads(line).get("what") == "approve"
                and json.loads(line)["kind"] == "done")  # fmt: skip
    hidden = json.loads(lines.pop(told))
    lost = {**hidden, "key": "never-sent", "case": "01900000-0000-7000-8000-000000000000"}
    diary.write_text("\n".join([*lines, json.dumps(lost)]) + "\n", "utf-8")
    wrong = "\n".join(_verified(stack)["wrong"])
    assert "key never-sent was acknowledged and stands 0 times" in wrong
    assert f"stands without an answer: ['{hidden['key']}']" in wrong
    assert "was acknowledged and is not there" in wrong and "was never acknowledged" in wrong


def _seed(stack: Stack, clients: int) -> dict[str, Any]:
    """People, and plates in each body, entered through the API by one and approved by another."""
    made = stack.python("tests.crash.seed", str(clients))
    assert made.returncode == 0, made.stderr[-4000:]
    people: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    for body, tokens in people["bodies"].items():
        data = {
            "kind": "add",
            "plates": [f"足立 {7001 + number}" for number in range(PLATES)],
            "received_on": "2026-10-01",
        }
        path = f"/bodies/{body}/services/temporary-plate/procedures/plate_stock/cases"
        opened = _post(stack, path, tokens["clerk"], f"seed-{body}-submit", data)
        _post(
            stack,
            f"/bodies/{body}/cases/{opened['id']}/acts/apply",
            tokens["approver"],
            f"seed-{body}-apply",
            {},
        )
    return people


def _post(stack: Stack, path: str, token: str, key: str, data: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{stack.port}/api/v1{path}", json.dumps({"data": data}).encode(), method="POST",
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", "Idempotency-Key": key},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _client(stack: Stack, number: int, said: dict[str, Any]) -> subprocess.Popen[bytes]:
    name = f"c{number}"
    config = stack.folder / f"client-{name}.json"
    settings = {
        **said, "name": name, "port": stack.port, "file": str(stack.folder / f"{name}.jsonl"),
        "stop": str(stack.folder / "stop"), "data": DATA,
    }  # fmt: skip
    config.write_text(json.dumps(settings), encoding="utf-8")
    with (stack.folder / f"client-{name}.err").open("wb") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.crash.client", str(config)], cwd=REPO, stderr=errors
        )


def _ended(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(timeout=120)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _diaries(stack: Stack) -> list[Path]:
    return sorted(stack.folder.glob("c*.jsonl"))


def _acknowledged(stack: Stack) -> int:
    return sum(path.read_bytes().count(b'"kind": "done"') for path in _diaries(stack))


def _more_than(stack: Stack, known: int) -> bool:
    return _acknowledged(stack) > known


def _clocks(stack: Stack) -> list[tuple[str, float]]:
    """Two weeks later: what is due falls due at once, and the worker is killed while it fires."""
    wait(stack.whole, limit=60, what="all processes after the load")
    done = stack.python("tests.crash.drain", "2026-10-16T09:00:00+09:00")
    assert done.returncode == 0, done.stderr[-4000:]
    killed = []
    for victim in ("worker", "postgres", "worker", "backend"):
        time.sleep(0.7)
        killed.append((f"{victim} while clocks fire", stack.kill(victim)))
    return killed


def _drain(stack: Stack) -> None:
    """Until the worker has done what the acts have left (the clock is set on, so that nothing waits for a retry)."""
    wait(stack.whole, limit=60, what="all processes after the load")
    done = stack.python("tests.crash.drain", timeout=200)
    assert done.returncode == 0, done.stderr[-4000:]


def _verified(stack: Stack) -> dict[str, Any]:
    made = stack.python("tests.crash.verify", *map(str, _diaries(stack)))
    assert made.returncode == 0, made.stderr[-4000:]
    found: dict[str, Any] = json.loads(made.stdout.splitlines()[-1])
    return found


def _audited(stack: Stack) -> None:
    """Every chain and digest is recomputed, every projection folded again."""
    for command in (("audit", "verify"), ("rebuild", "--check")):
        made = stack.run(*command)
        assert made.returncode == 0, made.stdout[-4000:] + made.stderr[-4000:]
        assert "no difference" in made.stdout
