"""One act on many cases through the API: each answers for itself, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.test_acting import BODY, GRANT, OPEN, contractor

__all__ = ["contractor"]
MANY = OPEN.removesuffix("/cases") + "/acts"


@pytest.fixture
def cases(person: Callable[..., Any], contractor: str) -> list[str]:
    found = []
    for _n in range(3):
        made = person().post(OPEN, {"data": {**GRANT, "contractor_no": "K-001"}})
        assert made.status_code == 201, made.data
        found.append(made.data["id"])
    return found


def test_each_case_answers_for_itself(cases: list[str], person: Callable[..., Any]) -> None:
    clerk = person("clerk")
    checked = {"data": {"site_visited": True}}
    assert clerk.post(f"/bodies/{BODY}/cases/{cases[0]}/acts/check", checked).status_code == 200
    gone = "01890000-0000-7000-8000-000000000000"
    made = clerk.post(f"{MANY}/check", {"cases": [*cases, gone], **checked}, key="many-1")
    assert made.status_code == 200, made.data
    said = {item["case"]: item for item in made.data["items"]}
    assert (made.data["done"], made.data["refused"]) == (2, 2)
    assert said[cases[0]]["code"] == "wrong_state"
    assert said[cases[1]]["state"] == "review"
    assert said[gone]["code"] == "not_found"
    again = clerk.post(f"{MANY}/check", {"cases": cases[1:], **checked}, key="many-1")
    assert [item["seq"] for item in again.data["items"]] == [2, 2]
    other = clerk.post(f"{MANY}/check", {"cases": cases[1:]}, key="many-1")
    assert (other.status_code, other.data["code"]) == (422, "idempotency_key_reused")


def test_who_may_not_see_the_cases_changes_none(cases: list[str], person: Callable[..., Any]) -> None:
    for stranger in (person(), person("clerk", body="131105")):
        made = stranger.post(f"{MANY}/withdraw", {"cases": cases})
        assert made.status_code == 200
        assert {item["code"] for item in made.data["items"]} == {"not_found"}


@pytest.mark.parametrize("given", [None, [], "x", [1], ["x"], ["01890000-0000-7000-8000-000000000000"] * 101])
def test_a_wrong_list_says_so(given: object, person: Callable[..., Any]) -> None:
    refused = person("clerk").post(f"{MANY}/check", {"cases": given})
    assert refused.status_code == 422
    assert refused.data["problems"][0]["field"].startswith("cases")
