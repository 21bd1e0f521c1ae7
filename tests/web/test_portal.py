"""Start page, search, procedures, bodies: for everybody, whatever the service."""

from __future__ import annotations

import re

import pytest

from tests.web.conftest import BODY, Pages

PROCEDURE = "/procedures/temporary-plate/permit/"


def test_start_page_names_procedures_and_life_events(anybody: Pages) -> None:
    page = anybody.get("/")
    assert "臨時運行許可の申請" in page
    assert "自動車・バイク" in page


@pytest.mark.parametrize("query", ["仮ナンバー", "りんじうんこう", "車検切れ　回送", "Temporary"])
def test_procedures_are_found_by_name_and_keyword(anybody: Pages, query: str) -> None:
    page = anybody.get(f"/procedures/?q={query}")
    assert ("臨時運行許可の申請" in page) is (query != "りんじうんこう")


def test_nothing_found_is_said(anybody: Pages) -> None:
    assert "手続は見つかりませんでした" in anybody.get("/procedures/?q=ないもの")


def test_procedure_page_says_law_and_what_is_asked(anybody: Pages) -> None:
    page = anybody.get(PROCEDURE)
    assert "道路運送車両法34条・35条" in page
    assert "車台番号" in page
    assert anybody.get("/procedures/temporary-plate/plate_stock/", 404)  # not for the public


def test_fee_is_the_bodys_own(anybody: Pages) -> None:
    from kiban.definitions import editions
    from kiban.ops import clock
    from tests import set_by_body

    compiled = editions.current("temporary-plate", clock.today())
    set_by_body.parameter(compiled, BODY, "fee", 600, clock.today())
    assert "600円" in anybody.get(f"{PROCEDURE}body/{BODY}/")
    assert "750円" in anybody.get(f"{PROCEDURE}body/131211/")


@pytest.mark.parametrize("query", ["葛飾", "かつしか", "1240012", "124-0012", "飾"])
def test_bodies_are_found_by_any_part_of_name_reading_or_postal_code(anybody: Pages, query: str) -> None:
    assert "葛飾区" in anybody.get(f"{PROCEDURE}body/?q={query}")


def test_ward_stands_for_its_city(anybody: Pages) -> None:
    assert "札幌市" in anybody.get(f"{PROCEDURE}body/?q=札幌市厚別区")


def test_body_that_does_not_take_part_points_to_neighbours(anybody: Pages) -> None:
    page = anybody.get(f"{PROCEDURE}body/133035/")  # 瑞穂町
    assert "瑞穂町では、この手続を受け付けていません" in page
    near = re.findall(r"<li><a class=\"plain\" href=\"[^\"]*/body/\d{6}/\">東京都([^<]+)", page)
    assert len(near) >= 3
    assert all(name.endswith(("市", "区")) for name in near), near


@pytest.mark.parametrize(
    "path",
    [
        "/nothing/",
        "/procedures/none/permit/",
        "/bodies/999999/",
        "/desk/131229/cases/not-an-id/",
        f"{PROCEDURE}body/mlit/",
    ],
)
def test_what_is_not_there_is_404_in_both_languages(anybody: Pages, path: str) -> None:
    page = anybody.get(path, 404)
    assert "お探しのページは見つかりません" in page
    assert "The page was not found" in page


def test_language_can_be_changed(anybody: Pages) -> None:
    page = anybody.post("/language/", {"language": "en", "next": "/"})
    assert "What would you like to do?" in page
    assert '<html lang="en">' in page


def test_policy_allows_nothing_inline(anybody: Pages) -> None:
    for path in ("/", PROCEDURE, "/procedures/?q=x", "/demo/"):
        page = anybody.get(path)
        policy = anybody.answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'self'" in policy
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
