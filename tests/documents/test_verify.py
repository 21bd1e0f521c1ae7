"""The checks find what they are there to find."""

from __future__ import annotations

import io
from collections.abc import Callable

import pikepdf
import pytest

from kiban.documents import verify

SOURCE = '#import "@kiban/official:1.0.0": *\n#show: official\n#title[題]\n#section-title[節]\n文'


def _broken(pdf: bytes, change: Callable[[pikepdf.Pdf], None]) -> bytes:
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        out = io.BytesIO()
        document.save(out)
    return out.getvalue()


def _unembed(document: pikepdf.Pdf) -> None:
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item:
            del item["/FontFile2"]


def _relevel(document: pikepdf.Pdf) -> None:
    for item in document.objects:
        if isinstance(item, pikepdf.Dictionary) and str(item.get("/S", "")) == "/H2":
            item["/S"] = pikepdf.Name("/H4")


def _xmp(old: bytes, new: bytes) -> Callable[[pikepdf.Pdf], None]:
    def change(document: pikepdf.Pdf) -> None:
        blob = document.Root.Metadata.read_bytes()
        assert old in blob
        document.Root.Metadata = document.make_stream(blob.replace(old, new))

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.Root.__delitem__("/Lang"), "language"),
        (lambda d: d.Root.__delitem__("/StructTreeRoot"), "structure tree"),
        (lambda d: d.Root.__delitem__("/MarkInfo"), "tagged"),
        (lambda d: d.Root.__delitem__("/OutputIntents"), "output intent"),
        (lambda d: d.Root.__delitem__("/Metadata"), "XMP"),
        (lambda d: d.Root.__setitem__("/OpenAction", pikepdf.Dictionary(S=pikepdf.Name("/Launch"))), ""),
        (_xmp(b"<pdfaid:conformance>A<", b"<pdfaid:conformance>B<"), "conformance=A"),
        (_xmp(b"<pdfuaid:part>1<", b"<pdfuaid:part>2<"), "part=1"),
        (_unembed, "not embedded"),
        (_relevel, "level 4 follows one of level 1"),
    ],
)
def test_a_broken_file_is_found(
    template: Callable[..., bytes], change: Callable[[pikepdf.Pdf], None], said: str
) -> None:
    whole = template(SOURCE, {})
    assert verify.check(whole) == []
    if said:
        assert any(said in problem for problem in verify.check(_broken(whole, change)))


def test_what_is_no_pdf_is_said_to_be_none() -> None:
    assert verify.check(b"%PDF-nothing")[0].startswith("not a readable PDF")
