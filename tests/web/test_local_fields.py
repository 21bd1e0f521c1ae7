"""A body adds a question of its own: on its form, in its case, in its file, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from tests.web.applying import STEPS, apply
from tests.web.conftest import BODY, Pages

Words = Callable[[str], str]
Person = Callable[..., Pages]
SETTINGS = f"/desk/{BODY}/temporary-plate/settings/"
FIELDS = f"{SETTINGS}fields/"
ADD = f"{FIELDS}permit_application/add/route/"
LABEL = "車両を停めている場所の目印"
SAID = {
    "do": "save", "label": LABEL, "label_en": "Landmark", "help": "看板など", "type": "text", "required": "true",
    "from": "2026-10-02", "why": "現地確認のため（要綱3条）",
}  # fmt: skip


@pytest.fixture
def admin(person: Person) -> Pages:
    return person("body_admin", name="見本 管理")


def _fields(on: date) -> list[str]:
    from kiban.definitions import local

    return [row.definition["label"]["ja"] for row in local.in_force("temporary-plate", BODY, on)]


def test_a_field_is_added_changed_ordered_and_retired(admin: Pages, words: Words) -> None:
    page = words(admin.get(FIELDS))
    assert "目的と経路" in page
    assert "団体が加えた項目はありません" in page
    assert "項目を設定しました" in words(admin.post(ADD, SAID))
    later = {
        **SAID,
        "label": "二つ目",
        "type": "choice",
        "choices": "はい | Yes\nいいえ | No",
        "from": "2027-04-01",
    }
    admin.post(ADD, later)
    assert [_fields(date(2026, 10, 2)), _fields(date(2027, 4, 1))] == [[LABEL], [LABEL, "二つ目"]]
    one = f"{FIELDS}permit_application/q1/"
    admin.post(one, {**SAID, "label": "変えた質問", "from": "2027-01-01"})
    assert [_fields(date(2026, 12, 31)), _fields(date(2027, 1, 1))] == [[LABEL], ["変えた質問"]]
    assert "これから適用される変更を取り消しました" in words(admin.post(one, {"undo": "2027-01-01"}))
    assert _fields(date(2027, 1, 1)) == [LABEL]
    admin.post(FIELDS, {"do": "up:permit_application:q2"})
    assert _fields(date(2027, 4, 1)) == ["二つ目", LABEL]
    said = {"do": "retire", "retire_from": "2027-06-01", "retire_why": "確認しなくなった"}
    assert "その日から、この項目は尋ねません" in words(admin.post(one, said))
    assert [_fields(date(2027, 5, 31)), _fields(date(2027, 6, 1))] == [["二つ目", LABEL], ["二つ目"]]
    page = words(admin.get(f"{SETTINGS}history/"))
    assert f"団体の項目 {LABEL}" in page
    assert "団体の項目の廃止" in page
    assert "要綱3条" in words(admin.get(one))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"label": ""}, "入力してください"), ({"why": ""}, "入力してください"), ({"type": ""}, "項目の型を選んで"),
        ({"type": "file"}, "項目の型を選んで"), ({"from": "2026-10-01"}, "過ぎた日"),
        ({"type": "choice", "choices": "一つだけ"}, "選択肢を2つ以上"), ({"label": "あ" * 101}, "100文字まで"),
        ({"label": "\u202e"}, "使えない文字"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_refused(admin: Pages, words: Words, change: dict[str, Any], told: str) -> None:
    page = admin.post(ADD, {**SAID, **change}, 422)
    assert told in words(page)
    assert "要綱3条" in page or "why" in change  # what was typed stays
    assert _fields(date(2027, 4, 1)) == []


def test_no_more_fields_than_the_law_leaves_room_for(admin: Pages, words: Words) -> None:
    for number in range(5):
        admin.post(ADD, {**SAID, "label": f"質問{number}", "required": "false"})
    page = words(admin.post(ADD, SAID, 422))
    assert "5件まで" in page
    assert "施行細則" in page


def test_only_administrators_set_fields(person: Person) -> None:
    person("clerk").get(FIELDS, 403)
    person("clerk").post(ADD, SAID, 403)
    person("mlit", body="mlit").get(FIELDS, 404)
    person().get(FIELDS, 404)


@pytest.mark.parametrize(
    "path", ["permit_application/add/period/", "none/add/x/", "permit_application/q9/", "none/q1/"]
)
def test_what_is_not_open_is_not_there(admin: Pages, path: str) -> None:
    admin.get(FIELDS + path, 404)


def test_the_effect_on_an_example(person: Person, admin: Pages, words: Words) -> None:
    assert "案件が、まだありません" in words(admin.post(ADD, {**SAID, "do": "try"}))
    apply(person())
    page = words(admin.post(ADD, {**SAID, "do": "try"}))
    assert f"{LABEL} なし 入力を求める" in page
    assert f"「{LABEL}」を入力してください" in page
    assert _fields(date(2026, 10, 2)) == []


def test_an_applicant_answers_and_the_office_reads(person: Person, admin: Pages, words: Words) -> None:
    admin.post(ADD, SAID)
    resident = person()
    with pytest.raises(AssertionError, match="422"):
        apply(resident)  # it is required: the step does not go on without it
    resident = person()
    apply(resident, route={**STEPS["route"], f"local.{BODY}.q1": "青い看板の隣"})
    assert "青い看板の隣" in words(resident.get(resident.url.removesuffix("received/")))
    case = (
        resident.url.removesuffix("received/")
        .replace("/my/cases/", "/desk/")
        .replace(f"{BODY}/", f"{BODY}/cases/")
    )
    page = words(person("clerk").get(case))
    assert f"{LABEL} 青い看板の隣" in page


def test_a_draft_begun_before_goes_on(person: Person, admin: Pages, words: Words) -> None:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    resident = person()
    page = resident.post(f"/apply/{BODY}/temporary-plate/permit/", {})
    page = resident.fill(page, do="save", applicant_name="葛飾太郎")
    draft = "/".join(resident.url.split("/")[:4])
    clock.set_clock(moment("2026-10-02T11:00"))
    admin.post(ADD, SAID)
    page = resident.get(f"{draft}/route/")
    assert LABEL in words(page)
    assert "新しく尋ねる項目" in words(page)
    assert "葛飾太郎" in resident.get(f"{draft}/applicant/")
