"""What a PDF really shows: its text, where each character stands, and the outlines of its embedded glyphs."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pypdfium2
from fontTools.ttLib import TTFont

Outline = tuple[tuple[int, int], ...]


def texts(pdf: bytes) -> list[str]:
    """The text of each page, without spaces and line breaks."""
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage().get_text_bounded() for page in document]
    return ["".join(text.split()) for text in pages]


def boxes(pdf: bytes) -> list[tuple[int, str, tuple[float, float, float, float]]]:
    """(page, character, (left, bottom, right, top) in points) of every visible character."""
    found = []
    for number, page in enumerate(pypdfium2.PdfDocument(pdf)):
        text = page.get_textpage()
        for index in range(text.count_chars()):
            char = text.get_text_range(index, 1)
            if char.strip():
                found.append((number, char, text.get_charbox(index)))
    return found


def page_sizes(pdf: bytes) -> list[tuple[float, float]]:
    return [page.get_size() for page in pypdfium2.PdfDocument(pdf)]


def embedded_outlines(pdf: bytes) -> dict[str, set[Outline]]:
    """Outlines of all glyphs in the file, by the font's name without its subset tag."""
    found: dict[str, set[Outline]] = {}
    with pikepdf.open(io.BytesIO(pdf)) as document:
        for item in document.objects:
            if isinstance(item, pikepdf.Dictionary) and "/FontFile2" in item:
                name = str(item.FontName).split("+")[-1].lstrip("/")
                font = TTFont(io.BytesIO(item.FontFile2.read_bytes()), lazy=True)
                table = font["glyf"]
                found.setdefault(name, set()).update(
                    tuple(table[glyph].getCoordinates(table)[0]) for glyph in font.getGlyphOrder()
                )
    return found


def outline(path: Path, cluster: str) -> Outline:
    """The outline that a font has for a character or a variation sequence; KeyError when it has none."""
    font = TTFont(path, lazy=True)
    name: str | None = font.getBestCmap()[ord(cluster[0])]
    if len(cluster) == 2:
        pairs = {
            base: glyph
            for table in font["cmap"].tables
            if table.format == 14
            for base, glyph in table.uvsDict.get(ord(cluster[1]), [])
        }
        name = pairs[ord(cluster[0])] or name
    table = font["glyf"]
    return tuple(table[name].getCoordinates(table)[0])
