"""Acts that are refused: another body's case, a state that does not allow it, a key used twice, others at once."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.hostile.conftest import BODY, DATA, OPEN, OTHER
from tests.hostile.test_input import refused
from tests.hostile.wire import Answer, Caller

Person = Callable[..., Caller]
CASES = f"/bodies/{BODY}/cases"


def _same_but_for_the_path(one: Answer, other: Answer, path: str, other_path: str) -> None:
    assert one.status == other.status == 404
    assert one.content.replace(path.encode(), b"<path>") == other.content.replace(
        other_path.encode(), b"<path>"
    )
    hidden = {"date", "content-length"}
    assert {k: v for k, v in one.headers.items() if k not in hidden} == {
        k: v for k, v in other.headers.items() if k not in hidden
    }


@pytest.mark.parametrize(
    "tail", ["", "/events", "/acts/accept", "/documents/{id}", "/attachments/" + "5" * 64]
)
@pytest.mark.parametrize("who", ["staff of another body", "another resident", "staff under its own body"])
def test_what_one_may_not_see_does_not_exist(person: Person, case: str, tail: str, who: str) -> None:
    """The answer for somebody else's case is byte for byte that for a case that does not exist, but for the path."""
    caller = person() if who == "another resident" else person("clerk", "approver", body=OTHER)
    body = OTHER if who == "staff under its own body" else BODY
    nothing = str(uuid.UUID(int=uuid.UUID(case).int ^ 0xFFFF))
    answers = []
    for name in (case, nothing):
        path = f"/bodies/{body}/cases/{name}{tail.format(id=uuid.UUID(int=7))}"
        call = caller.post if "/acts/" in tail else caller.get
        answers.append((call(path), f"/api/v1{path}"))
    (one, path), (other, other_path) = answers
    _same_but_for_the_path(one, other, path, other_path)
    refused(one, 404)


def test_lists_of_others_are_empty(person: Person, case: str) -> None:
    assert person("clerk").get(CASES).data["items"][0]["id"] == case
    assert person().get(CASES).data["items"] == []
    assert person("clerk", body=OTHER).get(CASES).data["items"] == []
    assert person("clerk", body=OTHER).get(f"/bodies/{OTHER}/cases").data["items"] == []


@pytest.mark.parametrize(
    "action", ["approve", "pay", "loan", "return", "report_loss", "resubmit", "compensate"]
)
def test_a_state_that_does_not_allow_the_act(
    person: Person, case: str, action: str, count: Callable[[str], int]
) -> None:
    before = count("cases_event")
    answer = person("clerk", "approver").post(f"{CASES}/{case}/acts/{action}", {"data": {}})
    refused(answer, 409)
    assert answer.data["code"] == "wrong_state"
    assert count("cases_event") == before


@pytest.mark.parametrize("action", ["expire", "make_overdue"])
def test_what_only_the_system_does(person: Person, case: str, action: str) -> None:
    answer = person("clerk", "approver", "body_admin").post(f"{CASES}/{case}/acts/{action}", {"data": {}})
    assert answer.status in (403, 409), answer.said()
    refused(answer, answer.status)


@pytest.mark.parametrize(
    "action", ["none", "submit;accept", "%20accept", "accept%00", "%F0%9F%98%80", "__class__", "a" * 300]
)
def test_no_such_act(person: Person, case: str, action: str) -> None:
    answer = person("clerk").post(f"{CASES}/{case}/acts/{action}", {"data": {}})
    assert answer.status in (400, 404), answer.said()


def test_who_may_not_is_told_so(person: Person, case: str) -> None:
    refused(person("clerk").post(f"{CASES}/{case}/acts/refuse", {"data": {"reason_text": "x"}}), 403)
    accepted = person("clerk").post(f"{CASES}/{case}/acts/accept", {"data": {}})
    assert accepted.status == 200, accepted.said()
    refused(person("clerk").post(f"{CASES}/{case}/acts/approve", {"data": {}}), 403)


def test_a_double_click_makes_one_case(person: Person, count: Callable[[str], int]) -> None:
    caller, key = person(), uuid.uuid4().hex
    first, second = (caller.post(OPEN, {"data": DATA}, key=key) for _ in range(2))
    assert (first.status, second.status) == (201, 201)
    assert first.content == second.content and second.headers["idempotency-replayed"] == "true"
    assert count("cases_case") == count("cases_event") == 1


def test_twenty_clicks_at_the_same_moment_make_one_case(person: Person, count: Callable[[str], int]) -> None:
    caller, key, found = person(), uuid.uuid4().hex, list[Answer]()

    def click() -> None:
        found.append(caller.post(OPEN, {"data": DATA}, key=key))

    _at_once([click] * 20)
    assert [answer.status for answer in found] == [201] * 20, {answer.said() for answer in found}
    assert len({answer.content for answer in found}) == 1
    assert count("cases_case") == count("cases_event") == 1


def test_two_people_accept_at_the_same_moment(person: Person, case: str, count: Callable[[str], int]) -> None:
    clerks, found = [person("clerk") for _ in range(8)], list[Answer]()

    def accept(clerk: Caller) -> None:
        found.append(clerk.post(f"{CASES}/{case}/acts/accept", {"data": {}}))

    _at_once([lambda clerk=clerk: accept(clerk) for clerk in clerks])
    assert sorted(answer.status for answer in found) == [200] + [409] * 7, [answer.said() for answer in found]
    assert count("cases_event") == 2


def test_a_key_with_another_request(person: Person, count: Callable[[str], int]) -> None:
    caller, key = person(), uuid.uuid4().hex
    assert caller.post(OPEN, {"data": DATA}, key=key).status == 201
    answer = caller.post(OPEN, {"data": {**DATA, "insurer": "別の保険"}}, key=key)
    refused(answer, 422)
    assert answer.data["code"] == "idempotency_key_reused" and count("cases_case") == 1


@pytest.mark.parametrize("key", [None, " ", "あ", "x" * 256, "a b", "\x7f", '""', "é"])
def test_a_key_that_is_none(person: Person, key: str | None) -> None:
    answer = person().post(OPEN, {"data": DATA}, key=key)
    assert answer.status == 400, answer.said()
    if key != "\x7f":  # no character of a header: the server itself refuses it
        refused(answer, 400)


@pytest.mark.parametrize("seq", [0, 99, -1, 2**40, "1", 1.5, True, None, [1]])
def test_a_stale_page(person: Person, case: str, seq: Any) -> None:
    answer = person("clerk").post(f"{CASES}/{case}/acts/accept", {"data": {}, "if_seq": seq})
    expected = 200 if seq is None else 409 if seq in (0, 99) and seq is not True else 422
    assert answer.status == expected, answer.said()
    if expected != 200:
        refused(answer, expected)


@pytest.mark.parametrize(
    "amount", [749, 751, 0, -750, 10**12, "750円です", 750.5, "NaN", "1e3", [], {}, True, "٧٥٠"]
)
def test_a_wrong_amount_is_not_taken(
    person: Person, case: str, amount: Any, count: Callable[[str], int]
) -> None:
    clerk, approver = person("clerk"), person("approver")
    assert clerk.post(f"{CASES}/{case}/acts/accept", {"data": {}}).status == 200
    assert approver.post(f"{CASES}/{case}/acts/approve", {"data": {}}).status == 200
    before = count("cases_event")
    answer = clerk.post(f"{CASES}/{case}/acts/pay", {"data": {"amount": amount, "method": "cash"}})
    refused(answer, 422)
    assert "amount" in {field for field, _ in answer.problems} and count("cases_event") == before


def _at_once(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
