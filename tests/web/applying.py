"""A resident's application through the pages, as data: what is typed on each step."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.conftest import BODY, Pages

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
START = f"/apply/{BODY}/temporary-plate/permit/"

STEPS: dict[str, dict[str, Any]] = {
    "applicant": {
        "applicant_kind": "individual", "applicant_name": "𠮷田　髙志", "applicant_phone": "０３－１２３４－５６７８",
        "applicant_address": "東京都葛飾区立石五丁目13番1号",
    },
    "receiver": {"receiver_same": "true"},
    "vehicle": {
        "vehicle_name": "トヨタ", "vehicle_class": "ordinary", "vehicle_shape": "box", "chassis_no": "nze121-0000001",
    },
    "route": {
        "purpose_code": "inspect", "route_from": "東京都葛飾区立石", "route_to": "東京都足立区南花畑",
    },
    "period": {"period_from": "令和8年10月5日", "period_to": "2026/10/6"},
    "insurance": {
        "insurance_exempt": "false", "insurer": "見本損害保険", "insurance_no": "A-1", "insurance_from": "2026-10-01",
        "insurance_to": "2026-11-01",
    },
    "papers": {"vehicle_doc_kind": "inspection_certificate", "vehicle_doc_is_copy": "false"},
}  # fmt: skip


def pdf(name: str = "証明書.pdf", content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, content_type="application/octet-stream")


def begin(pages: Pages, url: str = START) -> str:
    """Starts a draft; the page is its first step."""
    pages.get(url)
    return pages.post(url, {})


def fill_all(pages: Pages, page: str, **changed: dict[str, Any]) -> str:
    """Fills every step from the first on; the page is the confirmation."""
    for step, values in STEPS.items():
        if step == "papers":
            page = attach(pages, page)
        page = pages.fill(page, **{**values, **changed.get(step, {})})
    return page


def attach(pages: Pages, page: str) -> str:
    """Two rows of attachments with a file each."""
    page = pages.fill(page, do="add:attachments")
    page = pages.fill(
        page, do="add:attachments", attachments__1__kind="insurance", attachments__1__file=pdf()
    )
    return pages.fill(
        page,
        do="save",
        attachments__2__kind="vehicle_doc",
        attachments__2__file=pdf("車検証.pdf", PDF + b"2"),
    )


def apply(pages: Pages, **changed: dict[str, Any]) -> str:
    """A whole application (with other values of a step: `route={…}`); the page is what comes after it."""
    fill_all(pages, begin(pages), **changed)
    return pages.post(pages.url, {"do": "send"})
