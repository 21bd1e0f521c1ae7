"""The mark by which a document can be verified: its address, its number as people type it, its QR code.

The address stands in the file's metadata too, uncompressed as PDF/A wants it: a file that was changed still says
whose it was.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import segno

_CODE = r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}"
_IN_FILE = re.compile(rf"/verify/([a-z0-9-]{{1,40}})/({_CODE})/".encode())


@dataclass(frozen=True, slots=True)
class Mark:
    """`url`: the document's page; `home`: the page on which its number can be typed; `code`: that number."""

    url: str
    home: str
    code: str

    def as_json(self) -> str:
        """For a template: {url, home, code, qr}; `qr` is SVG without colours of its own (ISO/IEC 18004, level M)."""
        code = segno.make(self.url, error="m", micro=False)
        qr = code.svg_inline(border=2, omitsize=True, svgclass=None, lineclass=None)
        return json.dumps(
            {"url": self.url, "home": self.home, "code": self.code, "qr": qr}, ensure_ascii=False
        )


def printed(body: str, code: str) -> str:
    """The number as it is printed and typed: the body's code and the document's."""
    return f"{body}-{code}"


def named_in(content: bytes) -> list[tuple[str, str]]:
    """The marks (body, code) that a file names, in order and each once; at most eight. Linear in its size."""
    found: dict[tuple[str, str], None] = {}
    for match in _IN_FILE.finditer(content):
        found[match[1].decode(), match[2].decode()] = None
        if len(found) == 8:
            break
    return list(found)
