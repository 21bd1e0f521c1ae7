"""Acts of the office through the API: the staff of the body alone have and see them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.test_acting import BODY, GRANT, OPEN, contractor

__all__ = ["contractor"]
SECRET = "電話では別の住所を話していた"


@pytest.fixture
def case(person: Callable[..., Any], contractor: str) -> tuple[Any, str]:
    resident = person()
    made = resident.post(OPEN, {"data": {**GRANT, "contractor_no": "K-001"}})
    return resident, f"/bodies/{BODY}/cases/{made.data['id']}"


def test_staff_write_notes_and_hand_over(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    _resident, path = case
    clerk = person("clerk", name="受付 一郎")
    noted = clerk.post(f"{path}/acts/office.note", {"data": {"text": SECRET}})
    assert noted.status_code == 200, noted.data
    assert clerk.post(f"{path}/acts/office.assign").status_code == 200
    said = clerk.get(path).data
    assert said["office"] == {"assignee": {"id": str(clerk.user.id), "name": "受付 一郎"}, "department": ""}
    assert said["seq"] == 3
    events = clerk.get(f"{path}/events").data["items"]
    assert [event["act"] for event in events] == ["submit", "office.note", "office.assign"]
    assert events[1]["label"] == "職員メモを書く"
    assert events[1]["content"]["input"] == {"text": SECRET}
    wrong = clerk.post(f"{path}/acts/office.hand_over", {"data": {"person": "x"}})
    assert wrong.status_code == 422
    assert wrong.data["problems"][0]["field"] == "person"


def test_nobody_else_has_or_sees_them(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    resident, path = case
    before = resident.get(path)
    clerk = person("clerk")
    clerk.post(f"{path}/acts/office.note", {"data": {"text": SECRET}})
    clerk.post(f"{path}/acts/office.assign")
    after = resident.get(path)
    assert after.data == before.data
    assert after.headers["ETag"] == before.headers["ETag"]
    for tail in ("", "/events"):
        text = resident.get(path + tail).content.decode()
        assert SECRET not in text
        assert "office" not in text
    refused = resident.post(f"{path}/acts/office.note", {"data": {"text": "x"}})
    assert (refused.status_code, refused.data["code"]) == (404, "not_found")
    stranger = person("clerk", body="131105")
    assert stranger.post(f"{path}/acts/office.note", {"data": {"text": "x"}}).status_code == 404
