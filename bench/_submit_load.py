"""The load generator of `bench submit`: keep-alive connections to 127.0.0.1, bounded in number and time.

Reads a job as JSON from stdin and writes {"done", "wrong", "seconds", "latencies"} (milliseconds). Requests are made
before the clock starts; no two are alike. Closed: each connection sends its next request when it has its answer.
Open: requests are due at a steady rate, and wait for a free connection on their own time.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
import uuid
from datetime import date, timedelta
from typing import Any

_SURNAMES = "佐藤 鈴木 高橋 田中 渡邉 伊東 山﨑 中村 小林 加藤 𠮷田 山田 佐々木 山口 松本 井上 髙田".split()  # noqa: SIM905
_GIVEN = "陽翔 蓮 湊 蒼 樹 結菜 紬 凛 葵 芽依 大和 悠真 朝陽 美咲 陽菜 さくら 健太郎 德子 和広 千鶴".split()  # noqa: SIM905


def requests(job: dict[str, Any], count: int) -> list[bytes]:
    """Distinct valid applications of many residents to many bodies, as bytes on the wire."""
    draw = random.Random(job["seed"])
    today = date.fromisoformat(job["today"])
    made = []
    for _ in range(count):
        token, sha256 = draw.choice(job["users"])
        code, place = draw.choice(job["bodies"])
        body = json.dumps({"data": application(draw, today, place, sha256)}, ensure_ascii=False).encode()
        path = (
            f"/api/v1/bodies/{code}/services/temporary-plate/procedures/permit/cases"
            if job["target"] == "submit"
            else "/bench/rows"
        )
        head = (
            f"POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\nAuthorization: Bearer {token}\r\n"
            f"Accept-Language: ja\r\nContent-Type: application/json\r\nIdempotency-Key: {uuid.uuid4().hex}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def name(draw: random.Random) -> str:
    """An invented name."""
    return f"{draw.choice(_SURNAMES)}{draw.choice(_GIVEN)}"


def chassis(draw: random.Random) -> str:
    """An invented chassis number."""
    series = f"{draw.choice('ABCDEFGHJK')}{draw.choice('LMNPRSTUVW')}E{draw.randint(100, 999)}"
    return f"{series}-{draw.randint(0, 9_999_999):07}"


def application(draw: random.Random, today: date, place: str, sha256: str) -> dict[str, Any]:
    """An invented application that is valid on a day."""
    file = {"name": "見本.pdf", "sha256": sha256}
    return {
        "applicant_kind": "individual",
        "applicant_name": name(draw),
        "applicant_address": {"text": f"{place}{draw.randint(1, 99)}番{draw.randint(1, 40)}号"},
        "applicant_phone": f"03-0000-{draw.randint(0, 9999):04}",
        "receiver_same": True,
        "vehicle_name": draw.choice(["トヨタ", "ニッサン", "ホンダ", "スズキ"]),
        "vehicle_class": draw.choice(["ordinary", "small", "kei_inspected"]),
        "vehicle_shape": draw.choice(["box", "van", "station_wagon"]),
        "chassis_no": chassis(draw),
        "purpose_code": draw.choice(["inspect", "register", "testrun"]),
        "route_from": {"text": f"{place}{draw.randint(1, 99)}番地"},
        "route_to": {"text": f"{place}{draw.randint(100, 199)}番地"},
        "period_from": today.isoformat(),
        "period_to": (today + timedelta(days=draw.randint(0, 4))).isoformat(),
        "insurance_exempt": False,
        "insurer": "見本損害保険",
        "insurance_no": f"A{draw.randint(0, 99_999_999):08}",
        "insurance_from": (today - timedelta(days=draw.randint(1, 300))).isoformat(),
        "insurance_to": (today + timedelta(days=draw.randint(10, 700))).isoformat(),
        "vehicle_doc_kind": "inspection_certificate",
        "vehicle_doc_is_copy": False,
        "attachments": [{"kind": "insurance", "file": file}, {"kind": "vehicle_doc", "file": file}],
    }


class Connection:
    """One keep-alive connection."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Status and content of the answer."""
        status, _head, content = await self.exchange(request)
        return status, content

    async def exchange(self, request: bytes) -> tuple[int, str, bytes]:
        """Status, head and content of the answer."""
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line[:15].lower() == b"content-length:"), 0
        )
        content = await self.reader.readexactly(length) if length else b""
        return int(head[9:12]), head.decode("latin-1"), content


class Count:
    """What was answered."""

    def __init__(self) -> None:
        self.done = 0
        self.wrong: list[str] = []
        self.latencies: list[float] = []

    def take(self, status: int, body: bytes, milliseconds: float) -> None:
        self.latencies.append(milliseconds)
        if status == 201:
            self.done += 1
        elif len(self.wrong) < 3:
            self.wrong.append(f"{status} {body[:300].decode(errors='replace')}")


async def closed(job: dict[str, Any], connections: list[Connection], count: Count) -> float:
    waiting = requests(job, job["count"])
    started = time.perf_counter()
    until = started + job["seconds"]

    async def one(connection: Connection) -> None:
        while waiting and time.perf_counter() < until:
            request, sent = waiting.pop(), time.perf_counter()
            count.take(*await connection.send(request), (time.perf_counter() - sent) * 1000)

    await asyncio.gather(*(one(connection) for connection in connections))
    return time.perf_counter() - started


async def steady(job: dict[str, Any], connections: list[Connection], count: Count) -> float:
    rate = job["rate"]
    waiting = requests(job, int(rate * job["seconds"]))
    free: asyncio.Queue[Connection] = asyncio.Queue()
    for connection in connections:
        free.put_nowait(connection)
    started = time.perf_counter() + 0.05

    async def one(request: bytes, due: float) -> None:
        connection = await free.get()
        count.take(*await connection.send(request), (time.perf_counter() - due) * 1000)
        free.put_nowait(connection)

    tasks = []
    for place, request in enumerate(waiting):
        due = started + place / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(request, due)))
    await asyncio.gather(*tasks)
    return time.perf_counter() - started


async def main() -> None:
    job = json.load(sys.stdin)
    connections = [Connection(job["port"]) for _ in range(job["connections"])]
    for connection in connections:
        await connection.open()
    count = Count()
    seconds = await (steady if job.get("rate") else closed)(job, connections, count)
    json.dump(
        {"done": count.done, "wrong": count.wrong, "seconds": seconds, "latencies": count.latencies},
        sys.stdout,
    )


if __name__ == "__main__":
    asyncio.run(main())
