"""Help: general by audience, by words, and per procedure from what its service says."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
PERMIT = "/help/procedures/temporary-plate/permit/"


@pytest.mark.parametrize("audience", ["resident", "clerk", "administrator", "official"])
@pytest.mark.parametrize("language", ["ja", "en"])
def test_each_audience_finds_its_answers(published: None, audience: str, language: str, words: Words) -> None:
    page = Pages(language=language).get(f"/help/{audience}/")
    links = re.findall(r'href="#(topic-[a-z-]+)"', page)
    assert len(links) >= 5
    assert all(f'id="{link}"' in page for link in links)
    japanese = re.search(r"[ぁ-ん]", words(page.split("<main")[1].split("</main>")[0]))
    assert bool(japanese) == (language == "ja")


def test_an_unknown_audience_is_not_there(anybody: Pages) -> None:
    anybody.get("/help/nobody/", 404)


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ("下書き", "途中でやめて、後で続けられますか。"),
        ("閉庁日", "閉庁日はどこで登録しますか。"),
        ("仮ナンバー", "臨時運行許可の申請"),
        ("原本", "臨時運行許可の申請"),
        ("ありえない言葉", "見つかりませんでした"),
    ],
)
def test_search_finds_general_help_and_procedures(
    anybody: Pages, query: str, seen: str, words: Words
) -> None:
    assert seen in words(anybody.get(f"/help/?q={query}").split("<main")[1])


def test_a_procedure_answers_with_the_values_in_force(anybody: Pages, words: Words) -> None:
    said = words(anybody.get(PERMIT))
    assert "始める日を含めて5日以内" in said
    assert "手数料（750円）" in said
    assert "臨時運行許可証" in said  # what one receives
    assert "別の人が決裁してください" not in said  # that is for staff


def test_staff_read_who_does_what(person: Person, words: Words) -> None:
    said = words(person("clerk").get(PERMIT))
    assert "役割と行為" in said
    assert "受け付けて審査に回す 受付職員" in said
    assert "別の人が決裁してください" in said
    assert "道路運送車両法35条3項" in said


def test_what_is_not_public_only_its_staff_read(person: Person) -> None:
    url = "/help/procedures/temporary-plate/plate_stock/"
    person().get(url, 404)
    assert "番号標台帳の異動" in person("clerk").get(url)
    person("clerk", service="house-subsidy").get(url, 404)
    person().get("/help/procedures/temporary-plate/nothing/", 404)
    person().get("/help/procedures/nothing/permit/", 404)


def test_help_is_reached_from_the_procedure(anybody: Pages) -> None:
    for url in ("/procedures/temporary-plate/permit/", f"/procedures/temporary-plate/permit/body/{BODY}/"):
        assert f'href="{PERMIT}"' in anybody.get(url)
