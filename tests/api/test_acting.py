"""Opening cases and acting on them: keys, refusals, wrong input."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

BODY = "131229"
OPEN = f"/bodies/{BODY}/services/house-subsidy/procedures/grant/cases"
GRANT = {
    "owner_name": "見本花子", "owner_kana": "ミホン ハナコ", "account_holder_same": True,
    "house_address": {"text": "東京都葛飾区立石五丁目1番1号"}, "ownership": "own", "floor_area": "98.5",
    "contractor_no": "K-001", "items": [{"kind": "insulation", "cost": 300000}], "starts_on": "2026-10-20",
}  # fmt: skip


@pytest.fixture
def contractor(person: Callable[..., Any]) -> str:
    """A registered contractor, entered through the API itself."""
    clerk, manager = person("clerk"), person("manager")
    made = clerk.post(
        f"/bodies/{BODY}/services/house-subsidy/procedures/contractor/cases",
        {"data": {"kind": "register", "contractor": "K-001", "company": "見本工務店"}},
    )
    assert made.status_code == 201, made.data
    done = manager.post(f"/bodies/{BODY}/cases/{made.data['id']}/acts/enter")
    assert done.status_code == 200, done.data
    return "K-001"


def test_a_resident_opens_a_case(person: Callable[..., Any], contractor: str) -> None:
    resident = person()
    answer = resident.post(OPEN, {"data": GRANT})
    assert answer.status_code == 201, answer.data
    assert answer.headers["Location"] == f"/api/v1/bodies/{BODY}/cases/{answer.data['id']}"
    assert answer.data["state"] == "submitted" and answer.data["seq"] == 1
    assert answer.data["notices"] == [{"to": "applicant", "kind": "received"}]


def test_a_key_gives_its_first_answer_again(person: Callable[..., Any], contractor: str) -> None:
    resident, key = person(), uuid.uuid4().hex
    first = resident.post(OPEN, {"data": GRANT}, key=key)
    again = resident.post(OPEN, {"data": GRANT}, key=key)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert again.headers["Idempotency-Replayed"] == "true" and "Idempotency-Replayed" not in first.headers
    other = resident.post(OPEN, {"data": {**GRANT, "owner_name": "別人"}}, key=key)
    assert other.status_code == 422 and other.data["code"] == "idempotency_key_reused"
    stranger = person().post(OPEN, {"data": GRANT}, key=key)
    assert stranger.status_code == 201 and stranger.data["id"] != first.data["id"]


def test_a_key_is_needed(person: Callable[..., Any]) -> None:
    missing = person().post(OPEN, {"data": GRANT}, key=None)
    assert missing.status_code == 400 and missing.data["code"] == "idempotency_key_missing"
    bad = person().post(OPEN, {"data": GRANT}, key="あ" * 3)
    assert bad.status_code == 400 and bad.data["code"] == "idempotency_key_invalid"


def test_wrong_input_names_fields_articles_and_remedies(person: Callable[..., Any], contractor: str) -> None:
    answer = person().post(OPEN, {"data": {**GRANT, "starts_on": "2026-10-02", "owner_name": "　"}})
    assert answer.status_code == 422 and answer.headers["Content-Type"] == "application/problem+json"
    problems = {problem["field"]: problem for problem in answer.data["problems"]}
    assert problems["owner_name"]["code"] == "required"
    assert problems["starts_on"] == {
        "field": "starts_on", "code": "E-STARTED", "severity": "error", "law": "要綱5条",
        "message": "工事を始める前に申請してください（着工は令和8年10月3日以後）。",
        "message_en": "Please apply before the works begin.", "suggest": {"starts_on": "2026-10-03"},
    }  # fmt: skip


def test_a_body_without_the_service_names_its_neighbours(person: Callable[..., Any]) -> None:
    """TP-14: 参加していない町への申請は、近隣の行政庁を案内して断る。"""
    answer = person().post("/bodies/015644/services/temporary-plate/procedures/permit/cases", {"data": {}})
    assert answer.status_code == 409 and answer.data["code"] == "not_participating"
    near = answer.data["suggest"]["neighbours"]
    assert [body["name"] for body in near[:2]] == ["網走市", "北見市"]


def test_who_may_not_act_is_told_so(person: Callable[..., Any], contractor: str) -> None:
    answer = person().post(
        f"/bodies/{BODY}/services/house-subsidy/procedures/contractor/cases",
        {"data": {"kind": "suspend", "contractor": contractor}},
    )
    assert answer.status_code == 403 and answer.data["code"] == "not_allowed"


def test_trying_out_stores_nothing(person: Callable[..., Any], contractor: str) -> None:
    resident = person()
    path = f"/bodies/{BODY}/services/house-subsidy/procedures/grant/actions/submit/evaluate"
    answer = resident.post(path, {"data": {**GRANT, "account_holder_same": False}}, key=None)
    assert answer.status_code == 200
    assert answer.data["computed"]["amount"] == 150000
    assert "account_holder" in answer.data["required"]
    assert [problem["field"] for problem in answer.data["problems"]] == ["account_holder"]


def test_an_act_that_takes_nothing_needs_no_body(person: Callable[..., Any], contractor: str) -> None:
    resident = person()
    made = resident.post(OPEN, {"data": GRANT}).data
    done = resident.post(f"/bodies/{BODY}/cases/{made['id']}/acts/withdraw", b"")
    assert done.status_code == 200 and done.data["state"] == "withdrawn"
