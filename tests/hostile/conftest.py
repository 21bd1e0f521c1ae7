"""The first service in force in two cities, people with tokens, a live server, and its log that must stay clean."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.hostile.wire import Caller

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase

SERVICE = Path(__file__).resolve().parents[2] / "services" / "temporary-plate"
BODY, OTHER = "131229", "131211"
OPEN = f"/bodies/{BODY}/services/temporary-plate/procedures/permit/cases"
_SEEN = "5" * 64
DATA: dict[str, Any] = {
    "applicant_kind": "individual", "applicant_name": "見本 太郎", "applicant_phone": "03-0000-0000",
    "applicant_address": {"text": "東京都葛飾区立石五丁目13番1号", "lg_code": "131229"}, "receiver_same": True,
    "vehicle_name": "トヨタ", "vehicle_class": "ordinary", "vehicle_shape": "box", "purpose_code": "inspect",
    "chassis_no": "NZE121-0000001", "route_from": {"text": "東京都葛飾区立石", "lg_code": "131229"},
    "route_to": {"text": "東京都足立区南花畑", "lg_code": "131211"}, "period_from": "2026-10-05",
    "period_to": "2026-10-09", "insurer": "試験損害保険", "insurance_no": "A0001", "insurance_from": "2026-09-01",
    "insurance_to": "2026-10-31", "insurance_exempt": False, "vehicle_doc_kind": "inspection_certificate",
    "vehicle_doc_is_copy": False, "copy_attested": False,
    "attachments": [
        {"kind": kind, "file": {"name": "paper.pdf", "sha256": _SEEN}} for kind in ("insurance", "vehicle_doc")
    ],
}  # fmt: skip


@pytest.fixture
def server_log(test_database: TestDatabase, server_url: str) -> Iterator[Path]:
    """What the server wrote during the test holds no 5xx, no error and no traceback."""
    path = Path(os.environ["KIBAN_HOME"]) / "run" / f"server-{test_database.slot}.log"
    begin = path.stat().st_size
    yield path
    with path.open("rb") as stream:
        stream.seek(begin)
        lines = stream.read().decode("utf-8", "replace").splitlines()
    assert [line for line in lines if _bad(line)] == []


def _bad(line: str) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return "Traceback" in line or "panicked" in line or "Error" in line
    return "error" in said or said.get("level") in ("error", "critical") or said.get("status", 0) >= 500


@pytest.fixture
def port(server_url: str, server_log: Path, database: TestDatabase) -> Iterator[int]:
    """The live server, with the service in force and the clock on a Friday morning."""
    from kiban.definitions.publish import publish_folder
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment("2026-10-02T10:00"))
    publish_folder(SERVICE)
    yield urlsplit(server_url).port or 0
    clock.set_clock(None)


@pytest.fixture
def person(port: int) -> Callable[..., Caller]:
    """`person("clerk", body=…)` is staff; `person()` a resident who has sent the papers that `DATA` names."""
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.access.scope import scope
    from kiban.cases.models import Attachment
    from kiban.ops import clock

    def make(*roles: str, body: str = BODY) -> Caller:
        user = User.objects.create_user(
            username=uuid.uuid4().hex, display_name="見本 花子", kind="staff" if roles else "party",
            party=None if roles else uuid.uuid4(),
        )  # fmt: skip
        for role in roles:
            actors.grant(user, body, SERVICE.name, role, date(2026, 4, 1), "市民課")
        if not roles:
            with scope(user.partition):
                Attachment.objects.create(
                    body=user.partition,
                    sha256=_SEEN,
                    name="paper.pdf",
                    type="application/pdf",
                    size=1,
                    at=clock.now(),
                )
        return Caller(port, actors.new_token(user), str(user.id), user.partition)

    return make


@pytest.fixture
def case(person: Callable[..., Caller]) -> str:
    """A case of `BODY` in the state submitted."""
    made = person().post(OPEN, {"data": DATA})
    assert made.status == 201, made.said()
    found: str = made.data["id"]
    return found


@pytest.fixture
def count(database: TestDatabase) -> Callable[[str], int]:
    """How many rows a table holds in all partitions."""

    def rows(table: str) -> int:
        found = database.administrator.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
        assert found is not None
        return int(found[0])

    return rows
