"""Several people act at once: what one has looked up and changes, another does not change meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.api.test_acting import BODY, OPEN

RECORDS = f"/bodies/{BODY}/services/house-subsidy/registries"


def _at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Every call in a thread with a connection of its own."""
    from django.db import connection

    def one(call: Callable[[], Any]) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(one, calls))


@pytest.fixture
def waiting(person: Callable[..., Any]) -> list[str]:
    """Eight cases that wait for a decision of 100,000 yen each; the budget suffices for three of them."""
    from tests.scenarios import seeding

    from kiban.definitions import editions
    from kiban.kernel.facts import RecordChange
    from kiban.ops import clock

    edition = editions.current_id("house-subsidy", clock.today())
    compiled = editions.get(edition)
    grant = compiled.procedures["grant"]
    data = {
        "owner_name": "見本花子", "account_holder_same": True, "floor_area": "80", "contractor_no": "K-001",
        "items": [{"kind": "insulation", "cost": 200_000}], "starts_on": "2026-11-01",
    }  # fmt: skip
    records = [
        RecordChange("budget", "2026", {"remaining": 350_000}),
        RecordChange("contractors", "K-001", {"status": "registered"}),
    ]
    seeding.append(
        compiled.procedures["contractor"],
        compiled,
        edition,
        BODY,
        clock.now(),
        state="entered",
        records=records,
    )
    values = seeding.given_values(grant, data, clock.now())
    return [
        seeding.append(grant, compiled, edition, BODY, clock.now(), state="review", values=values)
        for _ in range(8)
    ]


def test_a_budget_is_never_spent_twice(person: Callable[..., Any], waiting: list[str]) -> None:
    managers = [person("manager") for _ in waiting]
    answers = _at_once(
        [
            lambda m=manager, c=case: m.post(f"/bodies/{BODY}/cases/{c}/acts/decide")
            for manager, case in zip(managers, waiting, strict=True)
        ]
    )
    decided = [answer for answer in answers if answer.status_code == 200]
    refused = [answer.data["problems"][0]["code"] for answer in answers if answer.status_code == 422]
    assert (len(decided), refused) == (3, ["E-BUDGET"] * 5)
    left = person("clerk").get(f"{RECORDS}/budget/records/2026").data["data"]["remaining"]
    assert left == 50_000


def test_a_number_is_registered_once(person: Callable[..., Any]) -> None:
    path = OPEN.replace("/grant/", "/contractor/")
    clerk, manager = person("clerk"), person("manager")
    cases = [
        clerk.post(path, {"data": {"kind": "register", "contractor": "K-777", "company": f"見本{n}"}}).data[
            "id"
        ]
        for n in range(6)
    ]
    answers = _at_once(
        [lambda c=case: manager.post(f"/bodies/{BODY}/cases/{c}/acts/enter") for case in cases]
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422, 422, 422, 422, 422]


def test_a_double_click_opens_one_case(person: Callable[..., Any]) -> None:
    path = OPEN.replace("/grant/", "/contractor/")
    clerk = person("clerk")
    said = {"data": {"kind": "register", "contractor": "K-1", "company": "見本"}}
    answers = _at_once([lambda: clerk.post(path, said, key="one-key")] * 6)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.data["id"] for answer in answers}) == 1
    assert sum("Idempotency-Replayed" not in answer.headers for answer in answers) == 1
    assert len(clerk.get(f"/bodies/{BODY}/cases").data["items"]) == 1
