"""Sign an issued file and read a signature again: PAdES B-B, with a time stamp B-T (ETSI EN 319 142-1).

The signature is an incremental update: the bytes that were rendered stay as they are and stay PDF/A-2a and PDF/UA-1
(an invisible field without appearance: ISO 19005-2, 6.3.3; ISO 14289-1, 7.18.1). It certifies the file: a reader says
of any later change that it is not allowed (DocMDP, P = 1). Its time is that of this machine when it signed; the time of
the event that issued the document stands in the document. Only a time stamp proves a time to others.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from cryptography import x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, timestamps
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from kiban.documents.signers import BodySigner, SigningProblem, apart, as_asn1

FIELD = "Signature"
_RESERVED, _RESERVED_STAMPED = 16_384, 32_768  # hexadecimal digits left for the signature
_TSA_SECONDS = 10


class _Writer(IncrementalPdfFileWriter):
    """Leaves version and extensions of the file alone: PDF/A-2 is PDF 1.7, and nothing of 2.0 is in it."""

    def ensure_output_version(self, version: tuple[int, int]) -> None:
        pass

    def register_extension(self, ext: object) -> None:
        pass


def sign(pdf: bytes, signer: BodySigner, *, at: datetime, contact: str, place: str = "") -> bytes:
    """The file with the signature added; `at`: now, as the certificate must hold. Raises SigningProblem.

    `contact` is the address where the document can be verified, `place` the body's name.
    """
    signer.check(at)
    stamper = time_stamper()
    metadata = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=fields.SigSeedSubFilter.PADES,
        contact_info=contact,
        location=place or None,
        name=signer.subject,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    field = fields.SigFieldSpec(FIELD, on_page=0, readable_field_name="電子署名")
    made = PdfSigner(metadata, signer.signer, timestamper=stamper, new_field_spec=field)
    try:
        reserved = _RESERVED_STAMPED if stamper else _RESERVED
        out: Any = apart(lambda: made.sign_pdf(_Writer(io.BytesIO(pdf)), bytes_reserved=reserved))
    except timestamps.TimestampRequestError as error:
        raise SigningProblem(f"the time-stamping authority gave no time stamp: {error}") from error
    except (SigningError, PdfError, OSError) as error:
        raise SigningProblem(f"{signer.name}: {type(error).__name__}: {error}") from error
    return bytes(out.getvalue())


def time_stamper() -> timestamps.TimeStamper | None:
    """The time-stamping authority (RFC 3161) that KIBAN_TSA_URL names, else None. Raises SigningProblem."""
    url = os.environ.get("KIBAN_TSA_URL", "").strip()
    return _stamper(url) if url else None


@lru_cache(maxsize=2)
def _stamper(url: str) -> timestamps.TimeStamper:
    if urlsplit(url).scheme not in ("http", "https"):
        raise SigningProblem(f"KIBAN_TSA_URL={url}: give an address that begins with https:// (or http://)")
    return HTTPTimeStamper(url, timeout=_TSA_SECONDS)


@dataclass(frozen=True)
class Signed:
    """What a signature says. `sound`: the file is as it was signed, to its last byte; `trusted`: the certificate
    leads to a root that we know and held at the moment; `level`: B-T with a time stamp, else B-B.
    """

    sound: bool
    trusted: bool
    subject: str
    at: datetime | None
    level: Literal["B-B", "B-T"]


def read(pdf: bytes, roots: list[x509.Certificate], moment: datetime) -> Signed | None:
    """What the file's one signature says, its certificate judged as of `moment`; None without a readable one.

    For files that are known to be ours by their digest: a stranger's file is not given to a parser.
    """
    try:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if len(embedded) != 1:
            return None
        context: dict[str, Any] = {
            "trust_roots": [as_asn1(root) for root in roots], "moment": moment, "allow_fetching": False,
            "revocation_mode": "soft-fail", "best_signature_time": moment,
        }  # fmt: skip
        contexts = ValidationContext(**context), ValidationContext(**context)
        status = apart(lambda: validate_pdf_signature(embedded[0], *contexts, skip_diff=True))
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError, AttributeError):
        return None  # not our file any more
    whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    return Signed(
        sound=bool(status.intact and status.valid and whole),
        trusted=bool(status.trusted),
        subject=str(status.signing_cert.subject.native.get("common_name", "")),
        at=status.signer_reported_dt,
        level="B-T" if status.timestamp_validity is not None else "B-B",
    )
