"""What strangers send: each its proper answer in Japanese, never a 500."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.applying import PDF, STEPS, apply, begin, fill_all
from tests.web.conftest import BODY, Pages, form_of

Person = Callable[..., Pages]
Words = Callable[[str], str]


class Upload:
    """A file as a broken or hostile client would send it."""

    def __init__(self, name: str, content: bytes = PDF) -> None:
        self.name, self.content = name, content


WRONG: dict[str, tuple[str, dict[str, str], str]] = {
    "nothing": ("applicant", {"applicant_name": "　 "}, "「氏名又は名称」を入力してください"),
    "too long": ("applicant", {"applicant_name": "あ" * 101}, "100文字以内"),
    "NUL": ("applicant", {"applicant_name": "見本\x00花子"}, "使えない文字"),
    "lone surrogate": ("applicant", {"applicant_name": "見本\ud800花子"}, "使えない文字"),
    "line break": ("applicant", {"applicant_name": "見本\n花子"}, "改行せずに"),
    "six days": ("period", {"period_to": "2026-10-10"}, "5日以内"),
    "end before start": ("period", {"period_to": "2026-10-04"}, "より前"),
    "no such day": ("period", {"period_from": "2026-02-30"}, "暦にない"),
    "no day at all": ("period", {"period_from": "あした"}, "「運行を始める日」"),
    "not in the list": ("vehicle", {"vehicle_class": "bicycle"}, "対象ではありません"),
    "several": ("route", {"purpose_code": "inspect、testrun"}, "目的は1つだけ"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_told_in_japanese_and_kept(person: Person, case: str, words: Words) -> None:
    step, values, told = WRONG[case]
    resident = person()
    page = begin(resident)
    for name, filled in STEPS.items():
        if name == step:
            break
        page = resident.fill(page, **filled)
    data = {**form_of(page), **{f"f.{n}": v for n, v in {**STEPS[step], **values}.items()}, "do": "next"}
    page = _post(resident, resident.url, data)
    assert resident.answer.status_code == 422
    assert told in words(page)
    for name, value in values.items():
        if case not in ("NUL", "lone surrogate", "line break", "nothing"):
            assert value in words(page) or f'value="{value}"' in page, name


def test_full_width_digits_and_emoji_are_taken_as_they_should_be(person: Person) -> None:
    resident = person()
    page = begin(resident)
    page = resident.fill(
        page,
        **{**STEPS["applicant"], "applicant_name": "見本🚗花子", "applicant_phone": "０３１２３４５６７８"},
    )
    assert resident.url.endswith("/receiver/")
    page = resident.fill(page, **STEPS["receiver"])
    page = resident.fill(page, **STEPS["vehicle"])
    page = resident.fill(page, **STEPS["route"])
    page = resident.fill(page, period_from="令和８年１０月５日", period_to="２０２６－１０－０６")
    assert resident.url.endswith("/insurance/")


def test_script_is_text(person: Person, words: Words) -> None:
    hostile = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{ 7*7 }}{% debug %}"
    resident = person()
    page = fill_all(resident, begin(resident), applicant={"applicant_name": hostile})
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert hostile in words(page)
    resident.post(resident.url, {"do": "send"})
    case = (
        resident.url.removesuffix("received/")
        .replace("/my/cases/", "/desk/")
        .replace(f"{BODY}/", f"{BODY}/cases/")
    )
    clerk = person("clerk")
    for url in (case, f"/desk/{BODY}/temporary-plate/"):
        assert "<script>alert" not in clerk.get(url)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
def test_wrong_methods(person: Person, method: str) -> None:
    resident = person()
    begin(resident)
    for url in ("/", resident.url, "/my/", "/demo/sign-in/", f"/apply/{BODY}/temporary-plate/permit/"):
        answer = resident.client.generic(method, url)
        assert answer.status_code in (200, 302, 403, 405), (method, url, answer.status_code)


@pytest.mark.parametrize(
    "data",
    [
        {}, {"do": ""}, {"do": "add:applicant_name"}, {"do": "add:nothing"}, {"do": "remove:attachments:99999999999"},
        {"do": "remove:attachments:-1"}, {"do": "unfile:attachments:1:kind"}, {"do": "unfile:::::"},
        {"on": "nothing", "f.nothing": "x"}, {"on": ["attachments"], "f.attachments.x.kind": "y"},
        {"on": ["attachments"], "f.attachments.99999.file": "z" * 5000}, {"on": ["attachments"], "f.attachments": "flat"},
        {"on": ["route_via"], **{f"f.route_via.{n}.address": "あ" for n in range(40)}}, {"take": "period_to=" + "9" * 9000},
        {"take": "="}, {"on": ["period_from"], "f.period_from": ["1", "2"]}, {"tried": "\x00"},
        {"on": ["attachments"], "f.attachments.1.file": Upload("\x00\ud800../../etc/passwd")},
        {"on": ["attachments"], "f.attachments.1.file": Upload("")},
    ],
)  # fmt: skip
def test_odd_posts_to_a_draft_are_answered(person: Person, data: dict[str, Any]) -> None:
    resident = person()
    begin(resident)
    base = re.sub(r"[^/]+/$", "", resident.url)
    for step in ("applicant", "papers", "route", "period", "review"):
        _post(resident, f"{base}{step}/", data)
        assert resident.answer.status_code in (200, 422), (step, resident.answer.status_code)


@pytest.mark.parametrize(
    "data",
    [
        {"do": "send"}, {"do": "send", "key": "x" * 900, "seq": "1"}, {"do": "send", "seq": "９"}, {"do": "send", "seq": "-1"},
        {"do": "send", "key": "\x00"}, {"do": "send", "reason.X\x00": "y"}, {"do": "send", "reason.W": "y" * 9000},
        {"do": "send", "on": "department", "f.department": "z" * 100_000},
        {"do": "send", "on": "department", "f.department": "\x00\ud800"},
    ],
)  # fmt: skip
def test_odd_posts_to_an_act_are_answered(person: Person, data: dict[str, Any]) -> None:
    resident = person()
    apply(resident)
    case = (
        resident.url.removesuffix("received/")
        .replace("/my/cases/", "/desk/")
        .replace(f"{BODY}/", f"{BODY}/cases/")
    )
    clerk = person("clerk")
    _post(clerk, f"{case}act/accept/", data)
    assert clerk.answer.status_code in (200, 409, 422)


def test_too_much_at_once_is_413_in_japanese(person: Person) -> None:
    resident = person()
    begin(resident)
    page = _post(resident, resident.url, {"f.applicant_name": "x" * (3 * 1024 * 1024)})
    assert resident.answer.status_code == 413
    assert "送信された内容が大きすぎます" in page
    page = _post(resident, resident.url, {f"f.{n}": "x" for n in range(6000)})
    assert resident.answer.status_code == 413


def test_a_form_without_its_token_is_told(person: Person) -> None:
    from django.test import Client

    resident = person()
    begin(resident)
    strict = Client(enforce_csrf_checks=True)
    assert resident.user is not None
    strict.force_login(resident.user)
    answer = strict.post(resident.url, {"do": "next"})
    assert answer.status_code == 403
    assert "ページの有効期限が切れました" in answer.content.decode()


@pytest.mark.parametrize(
    "path",
    [
        "/procedures/?q=" + "%F0%9F%9A%97" * 30, "/procedures/?q=%ED%A0%80", "/procedures/?event=<script>",
        "/procedures/?q=" + "a" * 900, "/bodies/?q=%25%27%22;--", "/bodies/%E6%9D%B1/", f"/desk/{BODY}/temporary-plate/?cursor=%ff",
        f"/desk/{BODY}/temporary-plate/?q=%27%20OR%201=1--&state=.&show=due", "/sign-in/?next=https://example.com/",
        f"/desk/{BODY}/temporary-plate/registries/plates/?cursor=AAAA&value=%00", "/demo/?next=//example.com",
        f"/desk/{BODY}/temporary-plate/registries/plates/record/?key=" + "z" * 500,
    ],
)  # fmt: skip
def test_odd_addresses_are_answered(person: Person, path: str) -> None:
    clerk = person("clerk")
    answer = clerk.client.get(path, follow=True)
    assert answer.status_code in (200, 400, 404)
    assert "<script>" not in answer.content.decode().replace("<script src=", "")


def test_nobody_is_sent_to_another_site(person: Person) -> None:
    resident = person()
    for target in ("https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)"):
        answer = resident.client.post("/demo/clock/", {"date": "2026-10-03", "next": target})
        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert not answer["Location"].startswith(("//", "/\\"))


def _post(pages: Pages, url: str, data: dict[str, Any]) -> str:
    """Posts bytes as they are: what can't be encoded goes as the bytes that a broken client would send."""
    from django.test.client import BOUNDARY, MULTIPART_CONTENT

    pages.answer = pages.client.generic(
        "POST", url, _multipart(BOUNDARY, data), content_type=MULTIPART_CONTENT
    )
    while pages.answer.status_code in (301, 302):
        url = pages.answer["Location"]
        pages.answer = pages.client.get(url)
    return str(pages.answer.content.decode())


def _multipart(boundary: str, data: dict[str, Any]) -> bytes:
    parts = []
    for name, values in data.items():
        for value in values if isinstance(values, list) else [values]:
            head = f'Content-Disposition: form-data; name="{name}"'
            body = value
            if isinstance(value, Upload):
                head += f'; filename="{value.name}"\r\nContent-Type: application/pdf'
                body = value.content
            raw = body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")
            parts.append(f"--{boundary}\r\n{head}\r\n\r\n".encode("utf-8", "surrogatepass") + raw + b"\r\n")
    return b"".join(parts) + f"--{boundary}--\r\n".encode()
