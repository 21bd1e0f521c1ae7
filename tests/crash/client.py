"""A client of the crash test, as a process of its own: submits and acts, and keeps what was acknowledged in its file.

    python -m tests.crash.client CONFIG.json

Whatever breaks on the way (a lost connection, a 5xx, a case that is busy) is tried again with the *same*
idempotency key until there is an answer. Each answer is written down (flush and fsync) before the next act, so that
the file is the client's own proof. It stops between two cases when the file `stop` appears.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PATIENCE = 90.0  # seconds for which one act is tried again and again
SERVICE = "temporary-plate"
_PDF = b"%PDF-1.4\n% an invented paper\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
_AGAIN = {"busy", "too_many_requests"}


class Diary:
    """The client's own file: one JSON object a line, on the disk before anything else happens."""

    def __init__(self, path: Path) -> None:
        self._stream = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def write(self, **said: object) -> None:
        with self._lock:
            self._stream.write(json.dumps({"t": time.time(), **said}, ensure_ascii=False) + "\n")
            self._stream.flush()
            os.fsync(self._stream.fileno())


class Line:
    """A kept connection to the server; a broken one is opened again."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._made: http.client.HTTPConnection | None = None

    def send(self, path: str, raw: bytes, headers: Mapping[str, str]) -> tuple[int, Mapping[str, str], Any]:
        """Raises OSError or http.client.HTTPException when there was no whole answer."""
        if self._made is None:
            self._made = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            self._made.request("POST", path, raw, dict(headers))
            answer = self._made.getresponse()
            content = answer.read()
            said = json.loads(content) if content else {}
            return answer.status, {name.lower(): value for name, value in answer.getheaders()}, said
        except ValueError as error:
            self.drop()
            raise http.client.HTTPException("the answer is no JSON") from error
        except (OSError, http.client.HTTPException):
            self.drop()
            raise

    def drop(self) -> None:
        if self._made is not None:
            self._made.close()
            self._made = None


class Person:
    """Somebody with a token who acts through one line."""

    def __init__(self, config: Mapping[str, Any], token: str, diary: Diary) -> None:
        self.body, self.token, self.diary = config["body"], token, diary
        self.line = Line(config["port"])

    def act(self, key: str, path: str, said: Mapping[str, Any], what: str) -> tuple[int, Any]:
        """One act until it has an answer: the final status and what was said."""
        raw = json.dumps(said).encode()
        headers = {
            "Authorization": f"Bearer {self.token}", "Content-Type": "application/json", "Idempotency-Key": key,
        }  # fmt: skip
        began, sent = time.time(), 0
        self.diary.write(kind="asked", key=key, what=what)
        while time.time() - began < PATIENCE:
            sent += 1
            try:
                status, answered, found = self.line.send(path, raw, headers)
            except (OSError, http.client.HTTPException):
                time.sleep(min(2.0, 0.05 * 2 ** min(sent, 6)) * random.uniform(0.5, 1))
                continue
            if status >= 500 or found.get("code") in _AGAIN:
                self.diary.write(kind="again", key=key, what=what, status=status, code=found.get("code"))
                time.sleep(min(2.0, 0.05 * 2 ** min(sent, 6)) * random.uniform(0.5, 1))
                continue
            self._keep(key, what, status, found, sent, answered, began)
            return status, found
        self.diary.write(kind="given up", key=key, what=what, sent=sent)
        raise SystemExit(f"no answer to {what} in {PATIENCE:.0f} seconds")

    def _keep(
        self,
        key: str,
        what: str,
        status: int,
        found: Any,
        sent: int,
        answered: Mapping[str, str],
        began: float,
    ) -> None:
        if status >= 300:
            problems = [(problem["field"], problem["code"]) for problem in found.get("problems", ())]
            self.diary.write(kind="refused", key=key, what=what, status=status, code=found.get("code"),
                             problems=problems, sent=sent)  # fmt: skip
            return
        replayed = answered.get("idempotency-replayed") == "true"
        self.diary.write(
            kind="done", key=key, what=what, body=self.body, case=found["id"], seq=found["seq"], number=found["number"],
            state=found["state"], answer=found, sent=sent, replayed=replayed, seconds=round(time.time() - began, 3),
        )  # fmt: skip


class Client:
    """Takes one case after the other through the procedure."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config, self.name, self.body = config, config["name"], config["body"]
        self.random = random.Random(self.name)
        self.diary = Diary(Path(config["file"]))
        self.party, self.clerk, self.rival, self.approver = (
            Person(config, config["tokens"][role], self.diary)
            for role in ("party", "clerk", "rival", "approver")
        )
        self.cases = f"/api/v1/bodies/{self.body}/cases"
        self.open = f"/api/v1/bodies/{self.body}/services/{SERVICE}/procedures/permit/cases"
        self.number = 0
        self.file: dict[str, Any] | None = None

    def run(self, stop: Path) -> None:
        """Until the file `stop` is there."""
        while not stop.exists():
            self.number += 1
            self.case()

    def case(self) -> None:
        """One permit: applied for, accepted by one, approved by another, paid, lent and mostly returned."""
        online = self.random.random() < 0.5
        person = self.party if online else self.clerk
        status, found = person.act(
            self.key("submit"), self.open, {"action": "submit", "data": self.data(online)}, "submit"
        )
        if status != 201:
            return
        if self.random.random() < 0.2:
            self.twice(person, found)
        case = found["id"]
        if self.random.random() < 0.06:
            self.step(person, case, "withdraw", {"comment": "都合により"})
            return
        if self.random.random() < 0.15:
            self.race(case)
        else:
            self.step(self.clerk, case, "accept", {"department": "市民課"})
        if self.step(self.approver, case, "approve", {}) != 200:
            return
        fee = {"amount": 750, "method": "cash"}
        if self.step(self.clerk, case, "pay", fee) != 200:
            return
        seen = {
            "insurance_evidence": "paper_original",
            "vehicle_doc_seen": True,
            "receiver_id_kind": "drivers_license",
        }
        if self.step(self.clerk, case, "loan", seen) != 200 or self.random.random() < 0.06:
            return  # no plate in stock, or one that nobody brings back
        back = {"returned_on": "2026-10-02", "permit_returned": True, "front_plate": True, "rear_plate": True,
                "condition": "good"}  # fmt: skip
        self.step(self.clerk, case, "return", back)

    def step(self, person: Person, case: str, action: str, data: Mapping[str, Any], mark: str = "") -> int:
        status, _ = person.act(
            self.key(action + mark), f"{self.cases}/{case}/acts/{action}", {"data": data}, action
        )
        return status

    def twice(self, person: Person, first: Mapping[str, Any]) -> None:
        """A second click on what was already answered."""
        said = {"action": "submit", "data": self.sent}
        status, found = person.act(self.key("submit"), self.open, said, "submit again")
        if status != 201 or found != first:
            self.diary.write(kind="wrong", key=self.key("submit"), first=first, second=found)

    def race(self, case: str) -> None:
        """Two clerks accept the same case at the same moment."""
        other = threading.Thread(
            target=self.step, args=(self.rival, case, "accept", {"department": "地域課"}, "-rival")
        )
        other.start()
        self.step(self.clerk, case, "accept", {"department": "市民課"})
        other.join()

    def key(self, action: str) -> str:
        return f"{self.name}-{self.number}-{action}"

    def data(self, online: bool) -> dict[str, Any]:
        data = dict(self.config["data"], chassis_no=f"{self.name.upper()}-{self.number:07d}")
        if online:
            data["attachments"] = [
                {"kind": kind, "file": self.paper()} for kind in ("insurance", "vehicle_doc")
            ]
        self.sent = data
        return data

    def paper(self) -> dict[str, Any]:
        """The paper that was sent once, as the value of a field."""
        while self.file is None:
            edge = f"edge{random.getrandbits(64):x}"
            raw = (
                f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="paper.pdf"\r\n'
                "Content-Type: application/pdf\r\n\r\n"
            ).encode() + _PDF + f"\r\n--{edge}--\r\n".encode()  # fmt: skip
            headers = {"Authorization": f"Bearer {self.party.token}",
                       "Content-Type": f"multipart/form-data; boundary={edge}"}  # fmt: skip
            try:
                status, _, found = self.party.line.send("/api/v1/attachments", raw, headers)
            except (OSError, http.client.HTTPException):
                status = 0
            if status == 201:
                self.file = found
            else:
                time.sleep(0.2)
        return self.file


def main(argv: list[str]) -> int:
    config = json.loads(Path(argv[0]).read_text(encoding="utf-8"))
    Client(config).run(Path(config["stop"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
