"""Arbitrary JSON at the endpoints that open a case and act on one, through a live server."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.hostile.conftest import BODY, DATA, OPEN
from tests.hostile.wire import JAPANESE, Answer, Caller

Person = Callable[..., Caller]
_ACTS = (
    "accept",
    "return_for_correction",
    "withdraw",
    "approve",
    "refuse",
    "pay",
    "loan",
    "return",
    "report_loss",
)
_FIELDS = [
    *DATA,
    "comment",
    "fields",
    "reason_text",
    "amount",
    "method",
    "plate",
    "returned_on",
    "lost_items",
    "department",
]
_texts = st.text(max_size=20) | st.sampled_from(
    [
        "",
        "\x00",
        "\ud83d",
        "😀",
        "<script>",
        "２０２６－０２－３０",
        "2026-02-30",
        "令和８年２月３０日",
        "0" * 400,
        "葛󠄀",
        "\u202e",
        "1e400",
        "NaN",
    ]
)
_numbers = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**400, 1e308, 5e-324, -0.0])
_json = st.recursive(
    st.none() | st.booleans() | _numbers | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)
_marked = st.fixed_dictionaries({"value": _json}, optional={"mark": _json, "text": _json, "source": _json})
_data = st.dictionaries(st.sampled_from(_FIELDS) | _texts, _json | _marked, max_size=6)
_settings = settings(
    max_examples=120, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, database=None
)


def proper(answer: Answer) -> None:
    """Done, or a 4xx that tells in Japanese what is wrong."""
    assert answer.status in (200, 201, 400, 403, 404, 409, 413, 422), (answer.status, answer.said()[:500])
    if answer.status >= 400:
        assert JAPANESE.search(answer.data["detail"])
        assert answer.data["problems"] or answer.status != 422 or answer.data["code"] != "invalid"


@pytest.fixture
def resident(person: Person) -> Caller:
    return person()


@pytest.fixture
def staff(person: Person) -> Caller:
    return person("clerk", "approver")


@_settings
@given(whole=_json)
def test_any_json_opens_nothing_by_mistake(resident: Caller, whole: Any) -> None:
    answer = resident.post(OPEN, json.dumps(whole).encode())
    proper(answer)
    assert answer.status >= 400


@_settings
@given(changed=_data, reasons=st.dictionaries(_texts, _json, max_size=3))
def test_any_data_in_a_good_application(
    resident: Caller, changed: dict[str, Any], reasons: dict[str, Any]
) -> None:
    said = json.dumps({"data": {**DATA, **changed}, "reasons": reasons}).encode()
    proper(resident.post(OPEN, said))
    proper(resident.post(OPEN.replace("/cases", "/actions/submit/evaluate"), said, key=None))


@_settings
@given(
    action=st.sampled_from(_ACTS),
    data=_data,
    more=st.dictionaries(st.sampled_from(["reasons", "if_seq", "x"]), _json),
)
def test_any_data_in_an_act(staff: Caller, case: str, action: str, data: Any, more: dict[str, Any]) -> None:
    said = json.dumps({**more, "data": data}).encode()
    proper(staff.post(f"/bodies/{BODY}/cases/{case}/acts/{action}", said))


@_settings
@given(raw=st.binary(max_size=200))
def test_any_bytes(resident: Caller, raw: bytes) -> None:
    answer = resident.post(OPEN, raw)
    proper(answer)
    assert answer.status in (400, 422)


@_settings
@given(name=st.binary(min_size=1, max_size=60), value=st.binary(max_size=60))
def test_any_bytes_in_the_address(staff: Caller, name: bytes, value: bytes) -> None:
    def plain(raw: bytes) -> bytes:
        return b"".join(b"%%%02X" % byte for byte in raw)

    answer = staff.get(b"/bodies/131229/cases/" + plain(name) + b"?" + plain(value) + b"=" + plain(name))
    assert answer.status in (400, 404), answer.said()[:300]
    answer = staff.get(b"/bodies/131229/cases?q=" + plain(value) + b"&cursor=" + plain(name))
    assert answer.status in (200, 400, 422), answer.said()[:300]
