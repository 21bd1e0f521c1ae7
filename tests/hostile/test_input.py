"""Wrong input at the opening of a case: the field, the code, and words in Japanese; nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.hostile.conftest import DATA, OPEN
from tests.hostile.wire import JAPANESE, Answer, Caller

Person = Callable[..., Caller]
NEVER_SENT = {"kind": "insurance", "file": {"name": "x.pdf", "sha256": "0" * 64}}
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("empty", {"applicant_name": ""}, "applicant_name", "required"),
    ("spaces only", {"applicant_name": " 　\t"}, "applicant_name", "required"),
    ("null", {"applicant_name": None}, "applicant_name", "required"),
    ("too long", {"applicant_name": "長" * 101}, "applicant_name", "too_long"),
    ("far too long", {"applicant_name": "長" * 100_000}, "applicant_name", "too_long"),
    ("6 days", {"period_to": "2026-10-10"}, "period_to", "E-PERIOD-5"),
    ("end before start", {"period_to": "2026-10-04"}, "period_to", "E-PERIOD-ORDER"),
    ("30 February", {"period_to": "2026-02-30"}, "period_to", "invalid"),
    ("2月30日 in the Japanese calendar", {"period_to": "令和8年2月30日"}, "period_to", "invalid"),
    ("30 February in full-width digits", {"period_to": "２０２６－０２－３０"}, "period_to", "invalid"),
    ("a day of the year 10000", {"period_to": "10000-01-01"}, "period_to", "invalid"),
    ("a day that is a number", {"period_to": 20261009}, "period_to", "invalid"),
    ("not in the list", {"vehicle_shape": "spaceship"}, "vehicle_shape", "not_in_list"),
    ("a list for a choice", {"vehicle_shape": ["box", "van"]}, "vehicle_shape", "several"),
    ("an object for a text", {"insurer": {"$gt": ""}}, "insurer", "invalid"),
    ("text for yes or no", {"receiver_same": "maybe"}, "receiver_same", "invalid"),
    (
        "emoji for a number",
        {"corporate_number": "🚗", "applicant_kind": "corporation"},
        "corporate_number",
        "E-CORP-NO",
    ),
    ("emoji in a telephone number", {"applicant_phone": "☎03-0000-0000"}, "applicant_phone", "invalid"),
    ("NUL", {"insurer": "a\x00b"}, "insurer", "invalid"),
    ("an escape character", {"insurer": "a\x1b[31m"}, "insurer", "invalid"),
    ("a direction override", {"applicant_name": "太郎\u202egpj.exe"}, "applicant_name", "invalid"),
    (
        "a file that was never sent",
        {"attachments": [NEVER_SENT, DATA["attachments"][1]]},
        "attachments[1].file",
        "invalid",
    ),
    (
        "a file of no kind",
        {"attachments": [{"kind": "insurance", "file": "../../etc/passwd"}]},
        "attachments[1].file",
        "invalid",
    ),
    ("too many rows", {"attachments": [DATA["attachments"][0]] * 11}, "attachments", "too_long"),
    ("an unknown field", {"is_admin": True}, "is_admin", "unknown_field"),
    ("a computed field", {"fee_due": 0}, "fee_due", "unknown_field"),
    ("a field of another act", {"exception_over5": True}, "exception_over5", "unknown_field"),
]


def refused(answer: Answer, status: int) -> None:
    """A problem document in Japanese that shows nothing of the inside."""
    assert answer.status == status, answer.said()[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert JAPANESE.search(answer.data["detail"]) and JAPANESE.search(answer.data["title"])
    for problem in answer.data["problems"]:
        assert problem["field"] and JAPANESE.search(problem["message"]), problem
    for inside in ("Traceback", "psycopg", "django", "kiban/", "SELECT ", ".py"):
        assert inside not in answer.said()


@pytest.mark.parametrize(
    ("changed", "field", "code"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG]
)
def test_wrong_field(
    person: Person, count: Callable[[str], int], changed: dict[str, Any], field: str, code: str
) -> None:  # fmt: skip
    before = count("cases_event")
    answer = person().post(OPEN, {"data": {**DATA, **changed}})
    refused(answer, 422)
    assert (field, code) in answer.problems, answer.said()[:800]
    assert count("cases_event") == before


def test_nothing_at_all(person: Person) -> None:
    for said in ({}, {"data": {}}, {"data": None}):
        answer = person().post(OPEN, said)
        refused(answer, 422)
        required = {field for field, code in answer.problems if code == "required"}
        assert {"applicant_name", "vehicle_name", "period_from"} <= required


@pytest.mark.parametrize(
    "name", ["見本 😀 太郎", "<script>alert(1)</script>", "𠮷野 葛󠄀子", "Robert'); DROP TABLE cases_case;--"]
)
def test_strange_but_honest_text_is_kept_as_it_is(person: Person, name: str) -> None:
    """An emoji or a tag in a name is text: it is either refused politely or kept exactly, never changed."""
    caller = person()
    answer = caller.post(OPEN, {"data": {**DATA, "applicant_name": name}})
    if answer.status == 422:
        refused(answer, 422)
        assert {field for field, _ in answer.problems} == {"applicant_name"}
        return
    assert answer.status == 201, answer.said()
    shown = caller.get(f"/bodies/131229/cases/{answer.data['id']}")
    assert shown.data["sections"]["applicant"]["applicant_name"] == name
    assert shown.headers["x-content-type-options"] == "nosniff"


def test_full_width_digits_are_read(person: Person) -> None:
    changed = {
        "period_from": "２０２６－１０－０５",
        "applicant_phone": "０３－００００－００００",
        "chassis_no": "ＮＺＥ１２１－０００００２",
    }
    caller = person()
    answer = caller.post(OPEN, {"data": {**DATA, **changed}})
    assert answer.status == 201, answer.said()
    sections = caller.get(f"/bodies/131229/cases/{answer.data['id']}").data["sections"]
    assert sections["period"]["period_from"] == "2026-10-05"
    assert sections["vehicle"]["chassis_no"] == "NZE121-000002"


@pytest.mark.parametrize("escape", ["\\ud83d", "\\udc00", "\\ud83d\\ud83d", "x\\udfffy"])
@pytest.mark.parametrize(
    "where",
    [
        '{"data": {"insurer": "%s"}}',
        '{"data": {"%s": 1}}',
        '{"reasons": {"W": "%s"}}',
        '{"data": {"attachments": [{"kind": "%s"}]}}',
    ],
)
def test_a_lone_surrogate(person: Person, where: str, escape: str) -> None:
    refused(person().post(OPEN, (where % escape).encode()), 400)


def test_raw_surrogates_and_bad_utf8_in_the_body(person: Person) -> None:
    for bad in (b"\xed\xa0\xbd", b"\xff", b"\xc0\x80", b"\xf8\x88\x80\x80\x80", "見".encode("shift_jis")):
        refused(person().post(OPEN, b'{"data": {"insurer": "' + bad + b'"}}'), 400)


@pytest.mark.parametrize(
    "raw",
    [
        b" ",
        b"{",
        b"}",
        b"[]",
        b"null",
        b"true",
        b"1",
        b'"x"',
        b"{'data': {}}",
        b'{"data": {},}',
        b'{"data" 1}',
        b'{"data": {"amount": NaN}}',
        b'{"data": {"amount": -Infinity}}',
        b'{"data": {"amount": 1e999}}',
        b"\x00",
        b"\xef\xbb\xbf{}",
        b'{"data": {}} {"data": {}}',
        b'{"data": ' + b"[" * 100_000,
        b'{"data": ' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"data": ' + b'{"a":' * 1000 + b"1" + b"}" * 1001,
        b"<?xml version='1.0'?><!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>",
    ],
    ids=lambda raw: repr(raw[:24]),
)
def test_what_is_no_json_object(person: Person, raw: bytes) -> None:
    refused(person().post(OPEN, raw), 400)


@pytest.mark.parametrize(
    "twice",
    [
        b'{"data": {"insurer": "A", "insurer": "B"}}',
        b'{"data": {}, "data": {}}',
        b'{"data": {"a": [{"b": 1, "b" : 1}]}}',
        b'{"data": {"insurer": "A", "\\u0069nsurer": "B"}}',
    ],
)
def test_a_name_that_stands_twice(person: Person, twice: bytes) -> None:
    """Two values for one name: whichever was meant, it is not guessed."""
    refused(person().post(OPEN, twice), 400)


def test_quotes_and_colons_in_texts_are_no_names(person: Person) -> None:
    insurer = 'a": "b", "c": " {"d": 1}'
    assert person().post(OPEN, {"data": {**DATA, "insurer": insurer}}).status == 201


def test_another_persons_file(person: Person, count: Callable[[str], int]) -> None:
    """Who knows the digest of somebody's file does not thereby get at it."""
    digest = "7" * 64
    other = person()
    _held(other, digest)
    data = {
        **DATA,
        "attachments": [*DATA["attachments"], {"kind": "other", "file": {"name": "x", "sha256": digest}}],
    }
    answer = person().post(OPEN, {"data": data})
    refused(answer, 422)
    assert answer.problems == {("attachments[3].file", "invalid")} and count("cases_case") == 0
    assert other.post(OPEN, {"data": data}).status == 201


def _held(caller: Caller, digest: str) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import Attachment
    from kiban.ops import clock

    with scope(caller.partition):
        Attachment.objects.create(
            body=caller.partition, sha256=digest, name="x", type="application/pdf", size=1, at=clock.now()
        )


def test_five_megabytes(person: Person) -> None:
    raw = b'{"data": {"insurer": "' + b"x" * 5_000_000 + b'"}}'
    refused(person().post(OPEN, raw), 413)


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "-",
        "application/json2",
        "\x0b",
    ],
)
def test_another_media_type(person: Person, kind: str) -> None:
    answer = person().post(OPEN, {"data": DATA}, Content_Type=kind)
    if kind == "\x0b":
        assert answer.status == 400  # not HTTP: the server itself says so
    else:
        refused(answer, 415)


@pytest.mark.parametrize(
    "mark", ["'", '"', "\\", "%", "_", "%00", "$1", "{}", "{{7*7}}", "${jndi:ldap://x}", "../..", ";--"]
)
def test_what_other_languages_read_as_their_own(person: Person, mark: str) -> None:
    caller = person("clerk")
    for name in ("q", "service", "state", "procedure"):
        answer = caller.get(
            f"/bodies/131229/cases?{name}={mark.replace('%', '%25').replace('#', '%23')}".encode()
        )
        assert answer.status in (200, 400, 422), answer.said()
        if answer.status == 200:
            assert answer.data["items"] == []
