"""What anybody may learn of an issued document: whether it stands, and whether a file is the one that was issued.

Nothing of its data is told here. A file that a stranger sends is compared byte by byte with what was issued and never
given to a parser: only the issued file itself reaches the code that reads signatures.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from kiban.access import bodies
from kiban.access.bodies_source import BodyRow
from kiban.access.scope import scope
from kiban.definitions import editions
from kiban.documents import mark, signers, signing
from kiban.documents.models import Document
from kiban.kernel.definitions.model import Document as Word

LIMIT = 10 * 1024 * 1024
"""Bytes of a file that is looked into."""

File = Literal["same", "unsigned", "unsound", "added", "altered"]


@dataclass(frozen=True)
class Known:
    """A document that was issued here."""

    row: Document
    body: BodyRow
    word: Word


@dataclass(frozen=True)
class Compared:
    """How a file stands to the document that it says to be.

    `file`: "same" as issued, and its signature holds; "unsigned": the same, and it was issued without a signature;
    "unsound": the same as is kept here, but its signature does not hold; "added": the issued file with something
    added; "altered": another file.
    """

    known: Known
    file: File
    signed: signing.Signed | None = None


def by_code(body: str, code: str) -> Known | None:
    """The document of this code, without its data and file; None where there is none. Opens its own scope."""
    if not bodies.exists(body):
        return None
    with scope(body):
        row = Document.objects.filter(body=body, code=code).defer("data", "pdf").first()
    if row is None:
        return None
    return Known(row, bodies.row(body), editions.get(row.edition).service.documents[row.name])


def by_file(content: bytes) -> Compared | None:
    """The issued document that this file is or was made from; None where it names none. Opens its own scopes."""
    found = None
    for body, code in mark.named_in(content):
        known = by_code(body, code)
        if known is not None:
            compared = compare(known, content)
            if compared.file != "altered":
                return compared
            found = found or compared
    return found


def compare(known: Known, content: bytes) -> Compared:
    """This file beside what was issued. Opens its own scope."""
    row = known.row
    if not row.sha256 or hashlib.sha256(content).hexdigest() != row.sha256:
        return Compared(known, "added" if _begins_as_issued(row, content) else "altered")
    if row.signed_at is None:
        return Compared(known, "unsigned")
    signed = signing.read(content, signers.roots(), row.signed_at)
    sound = signed is not None and signed.sound and signed.trusted
    return Compared(known, "same" if sound else "unsound", signed)


def _begins_as_issued(row: Document, content: bytes) -> bool:
    with scope(row.body):
        issued = Document.objects.filter(body=row.body, id=row.id).values_list("pdf", flat=True).first()
    return bool(issued) and content.startswith(bytes(issued or b""))
