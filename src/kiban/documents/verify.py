"""Check an issued file: PDF/A-2a, PDF/UA-1, language, title, tags, embedded fonts.

The checks here are those that a mistake of ours could break, read from the file itself with pikepdf; they don't
replace a full validator. Where `KIBAN_VERAPDF` names the veraPDF command, `verapdf` asks it too. A tool of tests
and operators: pikepdf is a development dependency.
"""

from __future__ import annotations

import io
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

_PDFA = "{http://www.aiim.org/pdfa/ns/id/}"
_PDFUA = "{http://www.aiim.org/pdfua/ns/id/}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_FORBIDDEN_ACTIONS = ("/JavaScript", "/Launch", "/GoToR", "/SubmitForm", "/ImportData", "/Movie", "/Sound")


def check(pdf: bytes, *, language: str = "ja") -> list[str]:
    """What is wrong with the file, in words; empty when nothing is.

    Looks at ISO 19005-2 (identification 6.6.4, output intent 6.2.3, fonts 6.2.11, actions 6.5.1, encryption
    6.1.3) and ISO 14289-1 (identification clause 5, title 7.1, language 7.2, tags 7.1, headings 7.4, tab
    order 7.18.3).
    """
    import pikepdf

    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            return [
                *_identity(document),
                *_catalogue(document, language),
                *_structure(document),
                *_fonts(document),
                *_actions(document),
            ]
    except pikepdf.PdfError as error:
        return [f"not a readable PDF: {error}"]


def verapdf(pdf: bytes, flavours: tuple[str, ...] = ("2a", "ua1")) -> list[str] | None:
    """What veraPDF objects to, or None when `KIBAN_VERAPDF` names no command."""
    command = shutil.which(os.environ.get("KIBAN_VERAPDF", "").strip() or "-")
    if command is None:
        return None
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="kiban-verapdf-") as scratch:
        path = Path(scratch) / "document.pdf"
        path.write_bytes(pdf)
        for flavour in flavours:
            done = subprocess.run(  # noqa: S603 -- the operator's own command
                [command, "--format", "mrr", "--flavour", flavour, str(path)],
                capture_output=True,
                timeout=300,
                check=False,
            )
            found += _mrr(done.stdout, flavour) if done.stdout.strip() else [f"{flavour}: {done.stderr!r}"]
    return found


def _mrr(report: bytes, flavour: str) -> list[str]:
    root = ElementTree.fromstring(report)  # noqa: S314 -- what the operator's own command wrote
    if any(node.get("isCompliant") == "true" for node in root.iter("validationReport")):
        return []
    rules = [
        f"{flavour}: {rule.get('clause')}-{rule.get('testNumber')} {rule.findtext('description')}"
        for rule in root.iter("rule")
    ]
    return rules or [f"{flavour}: not compliant"]


def _identity(document: Any) -> Iterator[str]:
    if "/Metadata" not in document.Root:
        yield "no XMP metadata"
        return
    with document.open_metadata() as xmp:
        for name, wanted in ((f"{_PDFA}part", "2"), (f"{_PDFA}conformance", "A"), (f"{_PDFUA}part", "1")):
            if str(xmp.get(name)) != wanted:
                yield f"XMP says {name.rpartition('}')[2]}={xmp.get(name)}, not {name.rpartition('}')[2]}={wanted}"
        if not xmp.get(f"{_DC}title"):
            yield "XMP has no dc:title"
    if document.is_encrypted:
        yield "encrypted"


def _catalogue(document: Any, language: str) -> Iterator[str]:
    root = document.Root
    if not str(root.get("/Lang", "")).startswith(language):
        yield f"language is {root.get('/Lang')!r}, not {language}"
    if not bool(root.get("/MarkInfo", {}).get("/Marked", False)):
        yield "not marked as tagged"
    if not bool(root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False)):
        yield "DisplayDocTitle is not set"
    if not any(str(i.get("/S")) == "/GTS_PDFA1" for i in root.get("/OutputIntents", [])):
        yield "no PDF/A output intent"
    for number, page in enumerate(document.pages, 1):
        if "/Annots" in page.obj and str(page.obj.get("/Tabs")) != "/S":
            yield f"page {number}: tab order does not follow the structure"


def _structure(document: Any) -> Iterator[str]:
    if "/StructTreeRoot" not in document.Root:
        yield "no structure tree"
        return
    levels = [int(tag[2:]) for tag in structure(document) if tag[:2] == "/H" and tag[2:].isdigit()]
    if not levels:
        yield "no heading"
    elif levels[0] != 1:
        yield f"the first heading is of level {levels[0]}"
    for before, after in itertools.pairwise(levels):
        if after > before + 1:
            yield f"a heading of level {after} follows one of level {before}"


def structure(document: Any) -> list[str]:
    """The tags of an open pikepdf document in reading order ("/Document", "/H1", "/P" …)."""
    tags: list[str] = []
    waiting = [document.Root.StructTreeRoot]
    while waiting:
        node = waiting.pop()
        if "/S" in node:
            tags.append(str(node.S))
        kids = node.get("/K", [])
        kids = list(kids) if _is_array(kids) else [kids]
        waiting += [kid for kid in reversed(kids) if _is_dictionary(kid)]
    return tags


def _is_array(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Array)


def _is_dictionary(value: Any) -> bool:
    import pikepdf

    return isinstance(value, pikepdf.Dictionary)


def _fonts(document: Any) -> Iterator[str]:
    seen: set[tuple[int, int]] = set()
    for item in document.objects:
        if not _is_dictionary(item) or str(item.get("/Type", "")) != "/Font" or item.objgen in seen:
            continue
        seen.add(item.objgen)
        name = str(item.get("/BaseFont", "?"))
        if str(item.get("/Subtype")) == "/Type0":
            if "/ToUnicode" not in item:
                yield f"font {name} has no ToUnicode map"
            continue
        descriptor = item.get("/FontDescriptor", {})
        if not any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")):
            yield f"font {name} is not embedded"


def _actions(document: Any) -> Iterator[str]:
    for item in document.objects:
        if _is_dictionary(item) and str(item.get("/S", "")) in _FORBIDDEN_ACTIONS:
            yield f"forbidden action {item.S}"


def main(argv: list[str]) -> int:
    """`python -m kiban.documents.verify FILE…`: exit status 1 when a file has a problem."""
    worst = 0
    for name in argv:
        pdf = Path(name).read_bytes()
        problems = check(pdf) + (verapdf(pdf) or [])
        sys.stdout.write(f"{name}: {'; '.join(problems) or 'PDF/A-2a, PDF/UA-1'}\n")
        worst = max(worst, bool(problems))
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
