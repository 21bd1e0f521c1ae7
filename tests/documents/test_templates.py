"""The documents of every service in services/: whole, accessible, and inside their pages whatever is entered."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kiban.documents import verify
from kiban.documents.render import Renderer

from .conftest import SERVICES
from .pdf import boxes, page_sizes, texts

AT = datetime(2026, 10, 2, 10, 0, tzinfo=timezone(timedelta(hours=9)))
FOLDERS = sorted(SERVICES.glob("*/documents"))
TEMPLATES = [(folder, path.stem) for folder in FOLDERS for path in sorted(folder.glob("*.typ"))]
NAMES = [f"{folder.parent.name}/{name}" for folder, name in TEMPLATES]
_FIELD = re.compile(r'(?:field|has|part)\("([a-z_]+)"(?:, "([a-z_]+)")?')
_LONG = {
    "短": "試",
    "社名": "株式会社" + "試験自動車販売整備輸送総合企画開発研究所東日本統括本部" * 2,
    "住所": "東京都葛飾区立石五丁目13番1号　" + "とても長い名前の集合住宅西棟別館" * 12,
    "英字": "NZE121-" + "0123456789ABCDEFG" * 8,
    "改行": "一行目\n二行目\n\n四行目",
}


def _names_in(folder: Path) -> set[str]:
    return {
        match[1] or match[0]
        for path in folder.glob("*.typ")
        for match in _FIELD.findall(path.read_text("utf-8"))
    }


def _filled(folder: Path, value: Any) -> dict[str, Any]:
    names = _names_in(folder)
    return {
        "document": {"name": "x", "label": "文書", "number": "試第1号", "issued_on_text": "令和8年10月2日"},
        "body": {
            "code": "131229",
            "name": "見本市",
            "office": "見本市長",
            "contact": "窓口係　電話 03-0000-0000",
        },
        "case": {"number": "131229-2026-000001", "received_on_text": "令和8年10月1日"},
        "text": dict.fromkeys(names, value),
        "clock_text": dict.fromkeys(names, "令和8年10月14日（水）"),
        "parameters": dict.fromkeys(names, value),
    }


@pytest.fixture(scope="module")
def renderers(font_dir: Path) -> dict[Path, Renderer]:
    return {folder: Renderer(folder, font_dir=font_dir) for folder in FOLDERS}


@pytest.mark.parametrize(("folder", "name"), TEMPLATES, ids=NAMES)
@pytest.mark.parametrize("length", _LONG)
def test_nothing_leaves_the_page_and_nothing_is_lost(
    renderers: dict[Path, Renderer], folder: Path, name: str, length: str
) -> None:
    value = _LONG[length]
    pdf = renderers[folder].render(name, _filled(folder, value), at=AT)
    assert verify.check(pdf) == []
    sizes = page_sizes(pdf)
    for page, char, (left, bottom, right, top) in boxes(pdf):
        width, height = sizes[page]
        inside = left > 20 and right < width - 20 and bottom > 10 and top < height - 10
        assert inside, f"{char!r} at {left:.0f},{bottom:.0f} of page {page + 1}"
    used = [f for f in _FIELD.findall((folder / f"{name}.typ").read_text("utf-8")) if f[0] not in ("case",)]
    if used:
        assert "".join(value.split()) in "".join(texts(pdf))


@pytest.mark.parametrize(("folder", "name"), TEMPLATES, ids=NAMES)
def test_a_document_without_any_data_is_still_made(
    renderers: dict[Path, Renderer], folder: Path, name: str
) -> None:
    assert verify.check(renderers[folder].render(name, {}, at=AT)) == []


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["text", "a"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@pytest.mark.parametrize(("folder", "name"), TEMPLATES, ids=NAMES)
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_value_of_any_kind_stops_a_document(
    renderers: dict[Path, Renderer], folder: Path, name: str, data: st.DataObject
) -> None:
    names = sorted(_names_in(folder))
    values = data.draw(st.dictionaries(st.sampled_from(names), _json, max_size=8))
    text = data.draw(st.dictionaries(st.sampled_from(names), _json, max_size=8))
    other = data.draw(st.none() | st.dictionaries(st.sampled_from(names), _json, max_size=3))
    pdf = renderers[folder].render(
        name, {"values": values, "text": text, "clock_text": other, "extra": other}, at=AT, missing="replace"
    )
    assert pdf.startswith(b"%PDF-1.7")


@pytest.mark.parametrize(("folder", "name"), TEMPLATES, ids=NAMES)
def test_a_template_evaluates_no_text_and_reads_no_file(folder: Path, name: str) -> None:
    source = (folder / f"{name}.typ").read_text("utf-8")
    assert not re.search(r"\b(eval|read|json|csv|toml|yaml|xml|cbor|plugin|include|sys)\b\s*[(.\"]", source)
