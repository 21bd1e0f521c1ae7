"""Anybody verifies a document: by its number, by its file; altered, replaced, withdrawn; nothing personal is told."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from kiban.access.scope import scope
from kiban.documents import issue
from kiban.documents.models import Document
from tests.documents.signing_kit import give
from tests.web.applying import apply
from tests.web.conftest import BODY, Pages
from tests.web.test_desk import act

Person = Callable[..., Pages]
Words = Callable[[str], str]
SECRETS = ("𠮷田", "高志", "NZE121", "立石", "見本 花子")


@pytest.fixture
def case(person: Person, printed: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A refused application: its notice of refusal is issued and signed."""
    give(monkeypatch, subject="見本 葛飾区長")
    resident = person()
    apply(resident)
    found = re.search(r"/([0-9a-f-]{36})/received/", resident.url)
    assert found is not None
    case = f"/desk/{BODY}/cases/{found[1]}/"
    act(person("clerk"), case, "accept")
    act(person("approver"), case, "refuse", reason_code="purpose", reason_text="目的が基準に当たらないため")
    yield case


def _issued() -> Document:
    with scope(BODY):
        row = Document.objects.filter(body=BODY).order_by("at").first()
    assert row is not None
    return issue.pdf(BODY, row.id)


def _send(
    pages: Pages, content: bytes, url: str = "/verify/", name: str = "文書.pdf", status: int = 200
) -> str:
    return pages.post(
        url, {"file": SimpleUploadedFile(name, content, content_type="application/pdf")}, status
    )


def test_the_number_tells_that_the_document_stands_and_nothing_of_its_content(
    case: str, anybody: Pages, words: Words
) -> None:
    paper = _issued()
    assert "文書を確かめる" in anybody.get("/")
    for typed in (
        f"{BODY}-{paper.code}",
        f"{BODY}{paper.code.replace('-', '')}".lower(),
        f" {BODY} － {paper.code}　",
    ):
        page = anybody.get(f"/verify/?number={typed}")
        assert anybody.url == f"/verify/{BODY}/{paper.code}/"
        said = words(page)
        assert "現在も有効です" in said
        assert "不許可通知書" in said
        assert "葛飾区" in said
        assert not [secret for secret in (*SECRETS, str(paper.case_id), paper.number) if secret in page]
    assert anybody.answer["Cache-Control"].find("no-store") >= 0


def test_the_file_as_issued_is_valid_and_a_changed_one_is_not(
    case: str, anybody: Pages, words: Words
) -> None:
    paper = _issued()
    content = bytes(paper.pdf or b"")
    assert paper.signed_at is not None
    assert abs((paper.signed_at - datetime.now(UTC)).total_seconds()) < 120
    said = words(_send(anybody, content))
    assert "有効です：交付したファイルそのものです" in said
    assert "見本 葛飾区長" in said
    assert not [secret for secret in SECRETS if secret in said]
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    said = words(_send(anybody, bytes(changed)))
    assert "交付したファイルではありません" in said
    assert "有効です：" not in said
    assert "ファイルに追記があります" in words(_send(anybody, content + b"%more"))
    page = f"/verify/{BODY}/{paper.code}/"
    assert "交付したファイルそのものです" in words(_send(anybody, content, page))
    assert "交付したファイルではありません" in words(_send(anybody, b"%PDF-1.7 something else", page))


def test_withdrawal_shows_at_once(case: str, anybody: Pages, person: Person, words: Words) -> None:
    paper = _issued()
    content = bytes(paper.pdf or b"")
    url = f"/verify/{BODY}/{paper.code}/"
    assert "現在も有効です" in words(anybody.get(url))
    act(person("approver"), case, "undo_decision", reason_text="別の申請と取り違えたため")
    said = words(anybody.get(url))
    assert "撤回されています" in said
    assert "有効です" not in said
    assert "撤回されています" in words(_send(anybody, content))


def test_a_file_that_was_changed_here_too_is_found_by_its_signature(
    case: str, anybody: Pages, words: Words
) -> None:
    """Whoever changes the file and its digest in the database has no key."""
    import hashlib

    paper = _issued()
    changed = bytearray(bytes(paper.pdf or b""))
    changed[len(changed) // 2] ^= 1
    with scope(BODY):
        Document.objects.filter(body=BODY, id=paper.id).update(
            pdf=bytes(changed), sha256=hashlib.sha256(changed).hexdigest()
        )
    assert "電子署名を確認できません" in words(_send(anybody, bytes(changed)))


def test_numbers_and_files_that_are_not_ours_are_answered(anybody: Pages, words: Words) -> None:
    assert "すべて入力してください" in anybody.get("/verify/?number=131229-7K3M")
    assert 'value="131229-7K3M"' in anybody.get("/verify/?number=131229-7K3M")
    assert "ここでは交付されていません" in anybody.get("/verify/131229/7K3M-9QTV-4DAB-CDEF/", 404)
    assert "ここでは交付されていません" in anybody.get("/verify/nowhere/7K3M-9QTV-4DAB-CDEF/", 404)
    anybody.get("/verify/?number=%F0%9F%98%80" + "9" * 500)
    for content, said in (
        (b"", "空でない"),
        (b"MZ\x90\x00", "PDFファイルではありません"),
        (b"%PDF-" + b"\0" * (10 * 1024 * 1024), "10MBを超えています"),
        (b"%PDF-1.7\n" + b"<<" * 200_000, "ここで交付されたファイルではありません"),
        (b"%PDF-1.7 /verify/131229/7K3M-9QTV-4DAB-CDEF/ " * 1000, "ここで交付されたファイルではありません"),
        (b"%PDF-1.7 " + b"/verify/" * 500_000, "ここで交付されたファイルではありません"),
    ):
        assert said in words(_send(anybody, content)), content[:40]
    assert "空でない" in anybody.post("/verify/", {"file": "no file"})
    assert "空でない" in anybody.post("/verify/", {})


def test_a_document_waits_where_signatures_are_required(
    person: Person, printed: None, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    settings.KIBAN_SIGNATURES = "required"  # type: ignore[attr-defined]
    monkeypatch.delenv("KIBAN_SECRET_SIGNING", raising=False)
    resident = person()
    apply(resident)
    mine = resident.url.removesuffix("received/")
    case = mine.replace("/my/cases/", "/desk/").replace(f"{BODY}/", f"{BODY}/cases/")
    act(person("clerk"), case, "accept")
    act(person("approver"), case, "refuse", reason_code="purpose", reason_text="目的が基準に当たらないため")
    link = re.search(r'href="([^"]+/documents/[^"]+)"', resident.get(mine))
    assert link is not None
    resident.client.raise_request_exception = False
    answer = resident.client.get(link[1])
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert "文書の準備がまだできていません" in answer.content.decode()
    give(monkeypatch)
    answer = resident.client.get(link[1])
    assert answer.status_code == 200
    assert io.BytesIO(answer.content).read(5) == b"%PDF-"
    assert b"/ETSI.CAdES.detached" in answer.content
