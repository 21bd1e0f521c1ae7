"""Glyph cover against the fonts' own tables, with the characters that names in Japan are written with."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from kiban.documents import fonts, glyphs


@pytest.fixture(scope="module")
def cover(font_dir: Path) -> glyphs.Cmap:
    return glyphs.cmap(font_dir)


@pytest.mark.parametrize(
    "name",
    [
        "葛飾太郎",
        "𠮷田",  # U+20BB7
        "髙橋",  # U+9AD9
        "葛\U000e0100城",
        "山﨑",  # U+FA11
        "德川",
        "辻\U000e0100",
        "邉\U000e0101",
        "㐂代",
        "濵田㈱Ⅲ①",
        "齋藤　ヷ〇",
        "東京都葛飾区立石五丁目13番1号",
        "神神",  # U+FA19 beside U+795E: two characters, each with its own glyph
        "",
    ],
)
def test_names_that_can_be_printed(cover: glyphs.Cmap, name: str) -> None:
    assert cover.missing(name) == []
    assert cover.fallback(name) == name


def test_a_character_without_glyph_is_found_where_it_stands(cover: glyphs.Cmap) -> None:
    text = "葛\U000e0100飾🫠太\ue000"
    assert cover.missing(text) == [
        glyphs.Missing("🫠", "no_glyph", 3),
        glyphs.Missing("\ue000", "no_glyph", 5),
    ]
    assert cover.fallback(text) == "葛\U000e0100飾〓太〓"


def test_a_variant_that_no_font_has_is_found_though_its_base_prints(cover: glyphs.Cmap) -> None:
    text = "葛\U000e01ef飾"
    assert cover.missing(text) == [glyphs.Missing("葛\U000e01ef", "no_variant", 0)]
    assert cover.fallback(text) == "〓飾"


@pytest.mark.parametrize("text", ["\U000e0100", "\x00", "\ud800", "a\U000e0100\U000e0101"])
def test_what_is_no_character_to_print_is_reported_and_never_raises(cover: glyphs.Cmap, text: str) -> None:
    assert cover.missing(text)
    assert not cover.missing(cover.fallback(text))


def test_private_characters_are_not_taken_from_public_fonts(font_dir: Path, cover: glyphs.Cmap) -> None:
    private = [
        chr(code)
        for face in fonts.faces(font_dir)
        for code in TTFont(face.path, fontNumber=face.index, lazy=True).getBestCmap()
        if 0xE000 <= code <= 0xF8FF
    ]
    assert private, "the case that this guards against"
    assert all(cover.missing(char) for char in private)


def test_line_breaks_and_tabs_are_layout(cover: glyphs.Cmap) -> None:
    assert cover.missing("一\n二\t三\r\n") == []


@given(st.text(max_size=40))
def test_what_is_put_in_place_can_always_be_printed(text: str) -> None:
    assert glyphs.missing(glyphs.fallback(text)) == []


def test_the_compact_form_says_what_the_fonts_say(font_dir: Path, cover: glyphs.Cmap) -> None:
    for face, kept in zip(fonts.faces(font_dir), cover.covers, strict=True):
        with TTFont(face.path, fontNumber=face.index, lazy=True) as font:
            codes = set(font.getBestCmap())
            pairs = {
                (base, selector)
                for table in font["cmap"].tables
                if table.format == 14
                for selector, listed in table.uvsDict.items()
                for base, _ in listed
            }
        assert {c for c in range(0x20, 0x32000) if kept.has(c)} == {c for c in codes if 0x20 <= c < 0x32000}
        assert len(kept.variants) == len(pairs)
        assert all(kept.has_variant(*pair) for pair in list(pairs)[::97])


def test_a_damaged_or_stale_compact_file_is_made_anew(font_dir: Path, tmp_path: Path) -> None:
    name = next(s.file for s in fonts.SOURCES if s.family == fonts.SANS[0])
    (tmp_path / name).write_bytes((font_dir / name).read_bytes())
    face = fonts.faces(tmp_path)[0]
    whole = glyphs._cached(face)
    store = tmp_path / f".{name}.{face.index}.cover"
    good = store.read_bytes()
    for bad in (b"", good[:-100], b"x" + good[1:]):
        store.write_bytes(bad)
        assert glyphs._cached(face) == whole
        assert store.read_bytes() == good


def test_the_first_question_is_answered_quickly_and_the_next_at_once(font_dir: Path) -> None:
    glyphs.build(font_dir)
    glyphs._cmap.cache_clear()
    began = time.perf_counter()
    assert glyphs.cmap(font_dir).missing("葛\U000e0100飾") == []
    assert time.perf_counter() - began < 0.5
    cover = glyphs.cmap(font_dir)
    began = time.perf_counter()
    for _ in range(1000):
        cover.missing("東京都葛飾区立石五丁目13番1号")
    assert (time.perf_counter() - began) / 1000 < 0.001
