"""The renderer: standards, determinism, data that stays data, exact glyphs, clear errors."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from kiban.documents import fonts, glyphs, render, verify

from .pdf import boxes, embedded_outlines, outline, texts

HEAD = '#import "@kiban/official:1.0.0": *\n#show: official.with(label: "試験")\n#title[試験]\n'
AT = datetime(2026, 10, 2, 10, 0, tzinfo=timezone(timedelta(hours=9)))
Make = Callable[..., bytes]


def test_a_document_is_both_pdf_a_2a_and_pdf_ua_1(template: Make) -> None:
    pdf = template(HEAD + '#field("name")', {"text": {"name": "葛飾太郎"}})
    assert verify.check(pdf) == []
    assert verify.verapdf(pdf) in (None, [])
    assert texts(pdf) == ["試験葛飾太郎"]


def test_the_same_input_gives_the_same_bytes_in_any_process(tmp_path: Path, font_dir: Path) -> None:
    (tmp_path / "a.typ").write_text(HEAD + '#field("name")', encoding="utf-8")
    data = {"text": {"name": "髙橋"}, "document": {"number": "1"}}
    made = {
        render.Renderer(tmp_path, font_dir=font_dir).render("a", data, at=at)
        for at in (AT, AT.astimezone(UTC), AT.replace(microsecond=5))
    }
    assert len(made) == 1
    renderer = render.Renderer(tmp_path, font_dir=font_dir)
    assert renderer.render("a", data, at=AT + timedelta(seconds=1)) not in made
    assert renderer.render("a", {**data, "document": {"number": "2"}}, at=AT) not in made
    assert renderer.render("a", data, at=AT) in made


@pytest.mark.parametrize(
    "hostile",
    [
        '#panic("x")',
        '#eval("1+1")#read("/etc/passwd")',
        '"]#{sys.inputs}[',
        "*太字* _斜体_ $x^2$ `code` = 見出し - 一 + 二 / 用語: 説明",
        "\\u{1F600} \\ // 注釈 /* 注釈 */ <label> @ref https://example.jp/",
        '{"data": 1}, \\", \\\\',
        "<script>alert(1)</script>&amp;",
    ],
)
def test_what_people_enter_is_printed_and_never_evaluated(template: Make, hostile: str) -> None:
    pdf = template(HEAD + '#field("name")', {"text": {"name": hostile}})
    assert texts(pdf) == ["試験" + "".join(hostile.split())]
    assert verify.check(pdf) == []


@pytest.mark.parametrize("sequence", ["葛\U000e0100", "辻\U000e0100", "邉\U000e0101", "斉\U000e0103"])
@pytest.mark.parametrize("weight", ["regular", "bold"])
def test_a_variant_prints_in_its_own_shape(
    template: Make, font_dir: Path, sequence: str, weight: str
) -> None:
    pdf = template(HEAD + f'#text(weight: "{weight}", field("name"))', {"text": {"name": f"東{sequence}京"}})
    family = glyphs.cmap(font_dir).family_for(sequence)
    faces = {face.family: face.path for face in fonts.faces(font_dir)}
    embedded = set().union(*embedded_outlines(pdf).values())
    base = {outline(path, sequence[0]) for path in faces.values() if _has(path, sequence[0])}
    if weight == "regular":
        assert outline(faces[str(family)], sequence) in embedded
        assert not (base - {outline(faces[str(family)], sequence)}) & embedded
    else:
        assert not base & embedded


@pytest.mark.parametrize("char", ["𠮷", "髙", "﨑", "德", "葛", "㐂"])
def test_a_character_prints_in_the_shape_of_its_font(template: Make, font_dir: Path, char: str) -> None:
    pdf = template(HEAD + '#field("name")', {"text": {"name": char}})
    family = glyphs.cmap(font_dir).family_for(char)
    path = next(face.path for face in fonts.faces(font_dir) if face.family == family)
    assert outline(path, char) in set().union(*embedded_outlines(pdf).values())


def test_a_variant_in_a_heading_prints_in_its_own_shape(template: Make, font_dir: Path) -> None:
    sequence = "葛\U000e0101"  # the heading's family lacks it
    pdf = template(HEAD + '#section-title(field("name"))', {"text": {"name": sequence}})
    faces = {face.family: face.path for face in fonts.faces(font_dir)}
    wanted = outline(faces[str(glyphs.cmap(font_dir).family_for(sequence))], sequence)
    base = {outline(path, "葛") for path in faces.values() if _has(path, "葛")} - {wanted}
    embedded = set().union(*embedded_outlines(pdf).values())
    assert wanted in embedded
    assert not base & embedded


def test_unprintable_data_is_refused_with_its_place(template: Make) -> None:
    data = {"text": {"name": "葛\U000e01ef"}, "values": {"route": [{"text": "a🫠"}]}}
    with pytest.raises(render.GlyphsMissing) as refused:
        template(HEAD + '#field("name")', data)
    assert [(u.path, u.missing.text, u.missing.reason) for u in refused.value.found] == [
        ("text.name", "葛\U000e01ef", "no_variant"),
        ("values.route[0].text", "🫠", "no_glyph"),
    ]


def test_unprintable_data_can_be_replaced_by_geta(template: Make) -> None:
    pdf = template(HEAD + '#field("name")', {"text": {"name": "葛\U000e01ef飾🫠\ud800"}}, missing="replace")
    assert texts(pdf) == ["試験〓飾〓〓"]
    assert verify.check(pdf) == []


def test_a_word_without_breaks_stays_on_the_page(template: Make) -> None:
    word = "A1-" + "X" * 400
    pdf = template(HEAD + '#fact-table(([番号], field("no")))', {"text": {"no": word}})
    assert texts(pdf) == ["試験番号" + word]
    assert max(box[2] for _, _, box in boxes(pdf)) < 595.3 - 60


def test_threads_share_a_renderer(tmp_path: Path, font_dir: Path) -> None:
    (tmp_path / "a.typ").write_text(HEAD + '#field("name")', encoding="utf-8")
    renderer = render.Renderer(tmp_path, font_dir=font_dir)
    made: dict[int, bytes] = {}

    def work(start: int) -> None:
        for number in range(start, start + 10):
            made[number] = renderer.render("a", {"text": {"name": f"第{number}号"}}, at=AT)

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 10, 20, 30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: texts(pdf)[0] for number, pdf in made.items()} == {n: f"試験第{n}号" for n in range(40)}


@pytest.mark.parametrize("name", ["nothing", "../a", "A", "", "a.typ", "a/b"])
def test_an_unknown_template_is_named(tmp_path: Path, font_dir: Path, name: str) -> None:
    (tmp_path / "a.typ").write_text(HEAD, encoding="utf-8")
    with pytest.raises(render.TemplateError, match=r"there are \['a'\]"):
        render.Renderer(tmp_path, font_dir=font_dir).render(name, {}, at=AT)


def test_a_wrong_template_says_where(template: Make) -> None:
    with pytest.raises(render.TemplateError, match=r"(?s)t0\.typ.*unknown variable: nothing.*t0\.typ:4"):
        template(HEAD + "#nothing", {})


def test_a_template_reads_nothing_outside_its_folder(template: Make) -> None:
    with pytest.raises(render.TemplateError):
        template(HEAD + '#read("../../../../../../etc/passwd")', {})
    with pytest.raises(render.TemplateError):
        template(HEAD + '#read("/etc/passwd")', {})


def test_a_package_that_is_not_vendored_is_refused_and_not_fetched(template: Make) -> None:
    with pytest.raises(render.TemplateError, match=r"@preview/cetz:0\.4\.2 is not part of kiban"):
        template('#import "@preview/cetz:0.4.2"\n' + HEAD, {})


def test_the_time_of_issue_must_be_an_instant(template: Make, tmp_path: Path, font_dir: Path) -> None:
    (tmp_path / "a.typ").write_text(HEAD, encoding="utf-8")
    with pytest.raises(ValueError, match="aware"):
        render.Renderer(tmp_path, font_dir=font_dir).render("a", {}, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_without_a_title_of_its_own_a_document_still_has_one(template: Make) -> None:
    pdf = template('#import "@kiban/official:1.0.0": *\n#show: official\n#title[題]', {})
    assert verify.check(pdf) == []


def _has(path: Path, char: str) -> bool:
    try:
        outline(path, char)
    except KeyError:
        return False
    return True
