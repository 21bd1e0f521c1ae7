"""What nobody should send: always a 4xx that says what is wrong, never a 500."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.api.test_acting import BODY, GRANT, OPEN

RAW = [
    b"{", b"[]", b"null", b'"x"', b"NaN", b'{"data": NaN}', b'{"data": {"floor_area": Infinity}}',
    b'{"data": {"owner_name": "\\ud800"}}', b'{"data": {"\\udfff": 1}}', b"\xff\xfe", b'{"data": ' + b"[" * 5000,
    b'{"data": ' + b'{"a":' * 200 + b"1" + b"}" * 201, b'{"data": {"floor_area": 1e999}}', b"{}" + b" " * 3_000_000,
]  # fmt: skip


@pytest.mark.parametrize("raw", RAW, ids=[repr(raw[:30]) for raw in RAW])
def test_what_is_not_json(person: Callable[..., Any], raw: bytes) -> None:
    answer = person().post(OPEN, raw)
    assert answer.status_code in (400, 413), answer.content[:200]
    assert answer.data["code"] == "invalid" and answer.data["detail"]


@pytest.mark.parametrize(
    "body",
    [
        {"data": []}, {"data": "x"}, {"data": 1}, {"reasons": []}, {"reasons": {"W": 1}}, {"reasons": {"W": "\x00"}},
        {"reasons": {"W": "x" * 5000}}, {"other": 1}, {"action": 5}, {"action": "none"}, {"action": "lapse"},
        {"data": {"owner_name": "\x00"}}, {"data": {"\x00": "x"}}, {"data": {"x" * 10_000: "x"}},
        {"data": {name: {"value": [[{}]], "mark": 5, "text": {}} for name in GRANT}},
        {"data": {"items": [{"kind": None}] * 2000}}, {"data": {"items": {"kind": "insulation"}}},
        {"data": {"floor_area": 10**40}}, {"data": {"floor_area": "9" * 5000}}, {"data": {"starts_on": "2026-02-30"}},
        {"data": {"owner_name": "<script>alert(1)</script>" * 20}}, {"data": {"owner_name": "😀" * 300}},
        {"data": {"drawings": {"name": "../../etc/passwd", "sha256": "x"}}},
        {"data": {"house_address": {"lg_code": 1}}},
    ],
)  # fmt: skip
def test_wrong_input_is_422(person: Callable[..., Any], body: dict[str, Any]) -> None:
    answer = person().post(OPEN, body)
    assert answer.status_code == 422, answer.content[:300]
    assert answer.data["problems"]
    for problem in answer.data["problems"]:
        assert problem["message"] and problem["field"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x"]
)
def test_another_media_type(person: Callable[..., Any], kind: str) -> None:
    assert person().post(OPEN, b"{}", **{"Content-Type": kind}).status_code == 415


@pytest.mark.parametrize(
    "path",
    [
        f"/bodies/{BODY}/cases/x", f"/bodies/{BODY}/cases/{'0' * 32}", "/bodies/x/cases", f"/bodies/{BODY}/cases/%00",
        f"/bodies/{BODY}/cases?cursor=x", f"/bodies/{BODY}/cases?cursor=WyJhIiwiYiJd",
        f"/bodies/{BODY}/cases?cursor=WyJob3VzZS1zdWJzaWR5Iiwid29yZCJd", f"/bodies/{BODY}/cases?due_by=2026-02-30",
        f"/bodies/{BODY}/cases?limit=-1", f"/bodies/{BODY}/cases?q=%00", f"/bodies/{BODY}/cases?q=%ED%A0%80",
        f"/bodies/{BODY}/services/house-subsidy/registries/contractors/records?cursor=e30",
        f"/bodies/{BODY}/services/house-subsidy/registries/contractors/records/%00",
        f"/bodies/{BODY}/services/house-subsidy/registries/contractors/records/{'x' * 3000}",
        f"/bodies/{BODY}/services/house-subsidy/registries/none/records",
        f"/bodies/{BODY}/services/house-subsidy/figures/none", f"/bodies/{BODY}/services/none/figures/none",
        f"/bodies/{BODY}/cases/{'1' * 8}-1111-1111-1111-{'1' * 12}/documents/x",
    ],
)  # fmt: skip
def test_wrong_paths_and_parameters(person: Callable[..., Any], path: str) -> None:
    answer = person("clerk").get(path)
    assert answer.status_code in (200, 400, 404, 414, 422), answer.content[:300]
    if answer.status_code == 200:
        assert answer.data["items"] == []


def _cursor(value: object) -> str:
    import base64

    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")


@pytest.mark.parametrize(
    "inner",
    [
        [False, "not a date", "x"],
        [False, None, "x"],
        [True, "2026-10-01", "\x00"],
        [False, "2026-13-01", "0" * 32],
    ],
)
def test_a_forged_cursor(person: Callable[..., Any], inner: list[Any]) -> None:
    forged = _cursor(["house-subsidy", _cursor(inner)])
    answer = person("clerk").get(f"/bodies/{BODY}/cases?cursor={forged}")
    assert answer.status_code == 400 and answer.data["code"] == "invalid"


_texts = st.text(max_size=30)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_texts, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    data=st.dictionaries(st.sampled_from(sorted(GRANT)) | _texts, _json, max_size=6),
    reasons=st.dictionaries(_texts, _texts, max_size=3),
)
def test_anything_at_all(person: Callable[..., Any], data: dict[str, Any], reasons: dict[str, Any]) -> None:
    raw = _careless({"data": {**GRANT, **data}, "reasons": reasons})
    caller = person()
    for path in (OPEN, OPEN.replace("/cases", "/actions/submit/evaluate")):
        answer = caller.post(path, raw)
        assert answer.status_code in (200, 400, 422), answer.content[:500]


def _careless(value: object) -> bytes:
    """JSON with lone surrogates escaped, as a careless client sends it."""
    import json

    return json.dumps(value).encode()
