"""The office's own side of a case on its pages: notes, who handles it, handing over; nothing of it outside."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.web.applying import apply
from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
DESK = f"/desk/{BODY}/temporary-plate/"
SECRET = "電話では別の住所を話していた"


@pytest.fixture
def resident(person: Person) -> Pages:
    found = person()
    apply(found)
    return found


@pytest.fixture
def case(resident: Pages) -> str:
    """The address of an application on the desk."""
    found = re.search(r"/([0-9a-f-]{36})/received/", resident.url)
    assert found is not None
    return f"/desk/{BODY}/cases/{found[1]}/"


def test_a_note_is_kept_pinned_and_struck_out(person: Person, case: str, words: Words) -> None:
    clerk, other = person("clerk", name="例示 一郎"), person("approver", name="例示 二郎")
    page = clerk.get(f"{case}office/note/")
    page = clerk.post(f"{case}office/note/", {"text": ""}, 422)
    assert "「メモ」を入力してください" in page
    clerk.post(f"{case}office/note/", {"text": SECRET, "pinned": "true"})
    said = words(other.get(case))
    assert SECRET in said
    assert "市民課 例示 一郎 固定" in said
    assert "取り消されたメモ" not in said
    other.post(f"{case}office/strike/", {"note": "2"})
    assert "権限がありません" in words(other.get(case)) or SECRET in words(other.get(case))
    clerk.post(f"{case}office/strike/", {"note": "2"})
    assert "取り消されたメモ" in words(clerk.get(case))


def test_a_double_click_writes_one_note(person: Person, case: str) -> None:
    clerk = person("clerk")
    key = re.search(r'name="key" value="([^"]+)"', clerk.get(f"{case}office/note/"))
    assert key is not None
    for _click in range(2):
        clerk.post(f"{case}office/note/", {"text": SECRET, "key": key[1]})
    assert clerk.get(case).count(f'<p class="pre">{SECRET}') == 1


def test_a_case_is_taken_handed_over_and_found(person: Person, case: str, words: Words) -> None:
    clerk = person("clerk", name="例示 一郎")
    assert case in clerk.get(f"{DESK}?who=nobody")
    page = clerk.post(f"{case}office/assign/", {})
    assert "この案件の担当になりました" in page
    assert case in clerk.get(f"{DESK}?who=me")
    assert "担当：例示 一郎" in words(clerk.get(DESK))
    assert case not in clerk.get(f"{DESK}?who=nobody")
    page = clerk.get(f"{case}office/hand-over/")
    assert "市民課" in page
    page = clerk.post(f"{case}office/hand-over/", {"comment": "至急お願いします"}, 422)
    assert "引き継ぐ部署か担当者を選んでください" in page
    assert "至急お願いします" in page
    clerk.post(f"{case}office/hand-over/", {"department": "市民課", "comment": "至急お願いします"})
    assert "至急お願いします" in words(clerk.get(case))
    assert case in clerk.get(f"{DESK}?who=department")
    assert case not in clerk.get(f"{DESK}?who=me")


def test_the_applicant_and_other_bodies_see_nothing_of_it(
    person: Person, resident: Pages, case: str, words: Words
) -> None:
    clerk = person("clerk")
    clerk.post(f"{case}office/note/", {"text": SECRET})
    clerk.post(f"{case}office/hand-over/", {"department": "市民課", "comment": SECRET})
    mine = case.replace("/desk/", "/my/").replace(f"{BODY}/cases/", f"cases/{BODY}/")
    for url in (mine, f"{mine}received/", "/my/", "/my/notices/"):
        said = words(resident.get(url))
        assert SECRET not in said
        assert "引き継" not in said
        assert "メモ" not in said
    resident.get(f"{case}office/note/", 404)
    resident.post(f"{case}office/note/", {"text": "x"}, 404)
    official = person("mlit", body="mlit")
    official.get(f"{case}office/note/", 404)
    stranger = person("clerk", body="131113")
    stranger.get(f"{case}office/note/", 404)
    stranger.get(f"{case}office/else/", 404)
