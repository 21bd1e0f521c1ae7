"""Settings through the API: the same bounds, the same history as the pages; hostile input is a proper problem."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

Person = Callable[..., Any]
BODY = "131229"
PLACE = f"/bodies/{BODY}/services/temporary-plate"
SET = f"{PLACE}/settings"


@pytest.fixture
def admin(person: Person) -> Any:
    return person("body_admin", service="temporary-plate", name="admin")


def _fee(on: date, body: str = BODY) -> object:
    from kiban.definitions import editions, parameters

    compiled = editions.current("temporary-plate", on)
    return parameters.resolve(compiled, body, on)["fee"]


def test_who_may(person: Person, admin: Any, anybody: Any) -> None:
    clerk = person("clerk", service="temporary-plate")
    said = {"value": 900, "from": "2027-04-01", "why": "x"}
    assert admin.get(SET).status_code == 200
    assert clerk.get(SET).status_code == 403
    assert person().get(SET).status_code == 404
    assert anybody.get(SET).status_code == 401
    assert person("body_admin", service="temporary-plate", body="131211").get(SET).status_code == 404
    assert clerk.post(f"{SET}/parameters/fee", said).status_code == 403
    assert _fee(date(2027, 4, 1)) == 750


def test_one_city_sets_its_fee_and_the_other_keeps_the_nations(admin: Any) -> None:
    found = admin.post(f"{SET}/parameters/fee", {"value": 900, "from": "2027-04-01", "why": "改正"})
    assert found.status_code == 200
    assert found.data["coming"] == [{"from": "2027-04-01", "value": 900}]
    assert found.data["vary"]["max"] == "1500"
    assert [_fee(date(2027, 4, 1)), _fee(date(2027, 4, 1), "131211")] == [900, 750]
    found = admin.post(f"{SET}/parameters/fee", {"value": 1501, "from": "2027-04-01", "why": "改正"})
    assert found.status_code == 422
    assert found.data["problems"][0]["code"] == "out_of_range"
    assert "手数料条例" in found.data["problems"][0]["message"]
    found = admin.post(f"{SET}/parameters/max_days", {"value": 9, "from": "2027-04-01", "why": "x"})
    assert (found.status_code, found.data["problems"][0]["code"]) == (422, "not_allowed")
    lines = admin.get(f"{SET}/history").data
    assert [(line["kind"], line["name"], line["after"], line["why"]) for line in lines] == [
        ("parameter", "fee", 900, "改正")
    ]
    assert admin.get(f"/changes?body={BODY}").data[-1]["changes"]
    assert admin.raw("DELETE", f"/api/v1{SET}/parameters/fee/2027-04-01").status_code == 200
    assert admin.raw("DELETE", f"/api/v1{SET}/parameters/fee/2027-04-01").status_code == 404
    assert _fee(date(2027, 4, 1)) == 750
    found = admin.post(f"{SET}/parameters/fee", {"value": 900, "try": True})
    assert found.data == {"value": "900円", "example": None}


def test_days_counter_and_people(admin: Any) -> None:
    said = {"first": "2026-12-25", "last": "2026-12-28", "reason": "整理"}
    assert admin.post(f"{SET}/closed-days", said).data == {"days": 4}
    assert admin.raw("DELETE", f"/api/v1{SET}/closed-days/2026-12-25").status_code == 200
    text = base64.b64encode("2027-01-04,創立記念日\n".encode()).decode()
    assert admin.post(f"{SET}/closed-days", {"csv": text}).data == {"days": 1}
    assert admin.post(f"{SET}/office", {"name": "区民課", "departments": ["区民課"]}).data["name"] == "区民課"
    said = {
        "username": "sato",
        "display_name": "佐藤 見本",
        "role": "clerk",
        "from": "2026-10-02",
        "why": "異動",
    }
    made = admin.post(f"{SET}/grants", said)
    assert made.status_code == 201
    grant = made.data["id"]
    said = {"last_day": "2026-10-31", "why": "退職"}
    assert admin.post(f"{SET}/grants/{grant}/end", said).status_code == 200
    held = {(row["username"], row["to"]) for row in admin.get(SET).data["people"]}
    assert ("sato", "2026-10-31") in held
    said = {"level": "trial", "from": "2027-04-01", "why": "試行"}
    assert admin.post(f"{SET}/participation", said).status_code == 200


def test_the_effect_and_the_calendar(admin: Any, person: Person, anybody: Any) -> None:
    assert admin.get(f"{PLACE}/effect").data == []
    assert admin.get(f"{PLACE}/effect?until=9999-12-31&since=0001-01-01").status_code == 200
    assert admin.get(f"{PLACE}/effect?format=csv").content.decode("utf-8-sig").startswith("月,手続")
    assert admin.get(f"{PLACE}/effect?format=xml").status_code == 422
    assert person().get(f"{PLACE}/effect").status_code == 404
    assert anybody.get("/changes").status_code == 200
    assert anybody.get("/changes?body=nothing").status_code == 404


@pytest.mark.parametrize(
    "value", [None, "", "x" * 5000, [], {}, {"a": 1}, 1.5, -1, 10**40, True, "９００", "\u202e1", [[[]]]]
)
@pytest.mark.parametrize(
    "path",
    ["parameters/fee", "parameters/allowed_purposes", "participation", "closed-days", "office", "grants"],
)
def test_hostile_values_are_proper_problems(admin: Any, path: str, value: object) -> None:
    names = (
        "value",
        "from",
        "why",
        "level",
        "first",
        "last",
        "reason",
        "csv",
        "name",
        "departments",
        "username",
        "role",
    )
    allowed = {
        "parameters/fee": ("value", "from", "why"), "parameters/allowed_purposes": ("value", "from", "why"),
        "participation": ("level", "from", "why"), "closed-days": ("first", "last", "reason"),
        "office": ("name", "email", "departments"), "grants": ("username", "role", "from", "why", "to", "deputy_for"),
    }[path]  # fmt: skip
    found = admin.post(f"{SET}/{path}", dict.fromkeys(allowed, value))
    assert found.status_code in (200, 422), found.content
    assert admin.post(f"{SET}/{path}", dict.fromkeys(names, value)).status_code in (200, 422)
    assert admin.post(f"{SET}/closed-days", {"csv": value}).status_code == 422
