"""Wrong files, through the page and the API: a proper answer in Japanese each, and bounded memory."""

from __future__ import annotations

import io
import socketserver
import struct
import threading
import zipfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.hostile.conftest import BODY, OPEN
from tests.hostile.wire import Caller, exchange

if TYPE_CHECKING:
    from django.test import Client

Person = Callable[..., Caller]
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
MEGABYTE = 1024 * 1024


def _bomb() -> bytes:
    """40 MB of zeros in 40 kB."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros", bytes(40 * MEGABYTE))
    return packed.getvalue()


WRONG = {
    "an exe named .pdf": (
        "申請書.pdf",
        b"MZ\x90\x00" + bytes(2000),
        "PDF・JPEG・PNGのファイルを選んでください",
    ),
    "EICAR": ("eicar.pdf", EICAR, "PDF・JPEG・PNGのファイルを選んでください"),
    "a zip bomb": ("書類.zip", _bomb(), "PDF・JPEG・PNGのファイルを選んでください"),
    "nothing": ("empty.pdf", b"", "ファイルの中身がありません"),
    "too large": ("大きい.pdf", PDF + bytes(10 * MEGABYTE), "ファイルが10MBを超えています"),
}


@pytest.fixture
def pages(person: Person) -> tuple[Client, str]:
    """A resident on the step of a draft that takes files: a client, the address of the step."""
    from django.test import Client

    from kiban.access.models import User

    caller = person()
    client = Client(headers={"Accept-Language": "ja"})
    client.force_login(User.objects.get(id=caller.user))
    begun = client.post(f"/apply/{BODY}/temporary-plate/permit/")
    return client, begun["Location"].rsplit("/", 2)[0] + "/papers/"


def _attach(client: Client, url: str, name: str, content: bytes) -> Any:
    client.post(url, {"do": "add:attachments", "on": ["attachments"]})
    file = SimpleUploadedFile(name, content, content_type="application/pdf")
    fields = {"attachments": ["attachments", "attachments.1.kind", "attachments.1.file"]}
    return client.post(
        url,
        {
            "do": "next",
            "on": fields["attachments"],
            "f.attachments.1.kind": "insurance",
            "f.attachments.1.file": file,
        },
    )


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_on_a_page_is_told_beside_its_field(pages: tuple[Client, str], case: str) -> None:
    name, content, told = WRONG[case]
    answer = _attach(*pages, name, content)
    assert answer.status_code == 422
    said = answer.content.decode()
    assert told in said
    assert 'data-path="attachments[1].file"' in said
    assert (
        'value="insurance" selected' in said or 'value="insurance" checked' in said
    )  # what else was typed stays


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_file_through_the_api_is_a_problem(person: Person, case: str) -> None:
    name, content, told = WRONG[case]
    answer = person().upload("/attachments", name, content)
    assert answer.status == 422
    (problem,) = answer.data["problems"]
    assert problem["field"] == "file" and told in problem["message"]


def test_a_name_of_300_characters_keeps_its_end(pages: tuple[Client, str], person: Person) -> None:
    name = "長" * 296 + ".pdf"
    answer = _attach(*pages, name, PDF)
    shown = answer.content.decode() if answer.status_code == 200 else pages[0].get(pages[1]).content.decode()
    assert "長.pdf" in shown and name not in shown
    kept = person().upload("/attachments", name, PDF)
    assert kept.status == 201
    assert len(kept.data["name"]) <= 200 and kept.data["name"].endswith("長.pdf")


def _multipart(name: str, size: int) -> tuple[bytes, bytes, bytes]:
    head = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
        b"Content-Type: application/pdf\r\n\r\n" % name.encode()
    )
    return head, PDF + bytes(size - len(PDF)), b"\r\n--b--\r\n"


@pytest.mark.parametrize("path", ["/api/v1/attachments", f"/apply/{BODY}/temporary-plate/permit/"])
def test_fifty_megabytes_are_refused_before_they_are_read(person: Person, port: int, path: str) -> None:
    caller = person()
    whole = b"".join(_multipart("a.pdf", 50 * MEGABYTE))
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {caller.token}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {len(whole)}\r\n\r\n"
    )
    answer = exchange(port, head.encode() + whole).decode()
    assert answer.startswith("HTTP/1.1 413")
    assert "一度に送信できる大きさは25MBまでです" in answer


def _resident() -> int:
    """Bytes of memory of the server and its workers."""
    mine = [
        p for p in psutil.Process().children(recursive=True) if "kiban.ops.wsgi:application" in p.cmdline()
    ]
    family = {child.pid: child for process in mine for child in (process, *process.children(recursive=True))}
    return sum(process.memory_info().rss for process in family.values())


def test_memory_stays_bounded(person: Person) -> None:
    """Twenty files of nearly 10 MB, and as many that are refused, leave no more than a few of them behind."""
    caller = person()
    wrong, right = _bomb(), PDF + bytes(9 * MEGABYTE)
    for n in range(4):
        caller.upload("/attachments", "a.pdf", right + bytes([n]))
    before = _resident()
    for n in range(20):
        assert caller.upload("/attachments", "a.pdf", right + bytes([n % 5])).status == 201
        assert caller.upload("/attachments", "a.zip", wrong).status == 422
    assert _resident() - before < 60 * MEGABYTE


class _Clamd(socketserver.BaseRequestHandler):
    """Speaks as clamd does: INSTREAM, and knows EICAR."""

    def handle(self) -> None:
        assert self._read(len(b"zINSTREAM\0")) == b"zINSTREAM\0"
        content = b""
        while length := struct.unpack("!L", self._read(4))[0]:
            content += self._read(length)
        found = b"Eicar-Signature FOUND" if EICAR in content else b"OK"
        self.request.sendall(b"stream: " + found + b"\0")

    def _read(self, length: int) -> bytes:
        found = b""
        while len(found) < length and (part := self.request.recv(length - len(found))):
            found += part
        return found


@pytest.fixture
def scanner(monkeypatch: pytest.MonkeyPatch) -> Iterator[socketserver.TCPServer]:
    """A scanner on this machine, named by KIBAN_CLAMAV."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Clamd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("KIBAN_CLAMAV", f"127.0.0.1:{server.server_address[1]}")
        yield server
        server.shutdown()


def test_a_scanner_finds_what_hides_in_a_pdf(
    pages: tuple[Client, str], scanner: socketserver.TCPServer
) -> None:
    answer = _attach(*pages, "a.pdf", PDF + bytes(200_000) + EICAR)
    assert "有害なプログラムが検出されました" in answer.content.decode()
    answer = _attach(*pages, "b.pdf", PDF)
    assert "有害なプログラム" not in answer.content.decode()


def test_a_scanner_that_does_not_answer_lets_nothing_pass(
    pages: tuple[Client, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIBAN_CLAMAV", "127.0.0.1:1")
    answer = _attach(*pages, "a.pdf", PDF)
    assert "ファイルの安全を確認できませんでした" in answer.content.decode()


def test_a_file_of_a_colleague_is_not_attached_by_its_digest(person: Person) -> None:
    from tests.hostile.conftest import DATA

    one, other = person("clerk"), person("clerk")
    kept = one.upload(f"/attachments?body={BODY}", "他の案件.pdf", PDF)
    assert kept.status == 201
    file = {"name": "x.pdf", "sha256": kept.data["sha256"]}
    data = {**DATA, "attachments": [{"kind": "other", "file": file}]}
    answer = other.post(OPEN, {"data": data})
    assert answer.status == 422
    assert ("attachments[1].file", "invalid") in answer.problems
    other.upload(f"/attachments?body={BODY}", "自分の.pdf", PDF)  # the same bytes, now sent by both
    assert other.post(OPEN, {"data": data}).status == 201
    assert one.post(OPEN, {"data": {**data, "chassis_no": "NZE121-0000009"}}).status == 201
