"""A stranger verifies a document in a browser: by its number, by its file, changed, replaced and not ours."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kiban.access.scope import scope
from kiban.documents import issue
from kiban.documents.models import Document
from tests.browser.conftest import BODY, WIDTHS, Visitor
from tests.browser.scene import filled

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def test_a_stranger_verifies(visit: Visit) -> None:
    code = filled().ids["code"]
    with scope(BODY):
        paper = Document.objects.get(body=BODY, code=code)
    content = bytes(issue.pdf(BODY, paper.id).pdf or b"")
    changed = bytearray(content)
    changed[len(content) // 2] ^= 1
    files = {
        "valid": content,
        "altered": bytes(changed),
        "added": content + b"%more",
        "not-ours": b"%PDF-1.7\n",
    }
    said = {"valid": "有効です", "altered": "交付したファイルではありません", "added": "追記があります",
            "not-ours": "ここで交付されたファイルではありません"}  # fmt: skip
    for width in WIDTHS.values():
        stranger = visit(width=width, stranger=True).go("/verify/")
        stranger.page.get_by_label("確認番号").fill(f"{BODY} {code}".lower())
        stranger.press("確かめる")
        stranger.see("現在も有効です")
        stranger.look("verify-number")
        for name, sent in files.items():
            stranger.go("/verify/").page.locator("#file").set_input_files(
                {"name": "文書.pdf", "mimeType": "application/pdf", "buffer": sent}
            )
            stranger.press("ファイルを確かめる")
            stranger.see(said[name])
            stranger.look(f"verify-{name}")
        with scope(BODY):
            Document.objects.filter(body=BODY, code=code).update(ended_at=paper.at, ended_seq=paper.seq)
        stranger.go(f"/verify/{BODY}/{code}/").see("撤回されています")
        stranger.look("verify-withdrawn")
        with scope(BODY):
            Document.objects.filter(body=BODY, code=code).update(ended_at=None, ended_seq=None)
