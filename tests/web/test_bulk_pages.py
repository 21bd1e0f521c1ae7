"""Many cases at once on the pages: chosen in the inbox, one input, each case with its outcome."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.web.applying import apply
from tests.web.conftest import BODY, Pages, form_of

Person = Callable[..., Pages]
Words = Callable[[str], str]
DESK = f"/desk/{BODY}/temporary-plate/"


@pytest.fixture
def cases(person: Person) -> list[str]:
    """Two applications."""
    found = []
    for _n in range(2):
        resident = person()
        apply(resident)
        case = re.search(r"/([0-9a-f-]{36})/received/", resident.url)
        assert case is not None
        found.append(case[1])
    return found


def post(pages: Pages, page: str, status: int = 200, **values: Any) -> str:
    return pages.post(f"{DESK}many/", {**form_of(page), **values}, status)


def test_two_cases_are_accepted_at_once(person: Person, cases: list[str], words: Words) -> None:
    clerk = person("clerk")
    page = clerk.get(DESK)
    assert all(f'value="{case}" form="many"' in page for case in cases)
    page = clerk.post(f"{DESK}many/", {"cases": cases})
    assert "受け付けて審査に回す 臨時運行許可の申請 2件でできます" in words(page)
    assert "許可する" not in page
    page = post(clerk, page, act="permit.accept")
    assert "受け付けて審査に回す（2件）" in words(page)
    data = {**form_of(page), "do": "run", "f.department": "市民課"}
    for _click in range(2):
        page = clerk.post(f"{DESK}many/", data)
        said = words(page)
        assert "できた 2" in said
        assert "完了" in said
    assert said.count("審査中") == 2
    assert "受け付けて審査に回す" in words(clerk.get(f"{DESK}many/"))
    assert "審査中" in words(clerk.get(f"/desk/{BODY}/cases/{cases[0]}/"))


def test_all_of_the_filter_and_what_could_not_be_done(person: Person, cases: list[str], words: Words) -> None:
    both = person("clerk", "approver")
    page = both.post(f"{DESK}many/", {"all": "1", "state": "permit.submitted"})
    page = post(both, page, act="permit.accept")
    post(both, page, do="run")
    page = both.post(f"{DESK}many/", {"all": "1"})
    page = post(both, page, act="permit.refuse")
    page = post(both, page, 422, do="run")
    assert "理由（通知書に記載します）" in words(page)
    page = post(both, page, do="run", **{"f.reason_text": "要件を満たさないため"})
    said = words(page)
    assert "できなかった 2" in said
    assert "受付した職員とは別の人が決裁してください" in said
    page = post(both, page)
    assert "選んだ案件（2件）" in words(page)


def test_nothing_chosen_and_who_may_not(person: Person, cases: list[str], words: Words) -> None:
    clerk = person("clerk")
    assert "一覧で案件を選んでから" in words(clerk.post(f"{DESK}many/", {}, 422))
    assert "まだありません" in words(clerk.get(f"{DESK}many/"))
    page = clerk.post(f"{DESK}many/", {"cases": ["x", "00000000-0000-0000-0000-000000000000"]}, 422)
    odd = {"all": "1", "q": "\x00", "state": "permit.\x00", "act": "\x00", "key": "\x00", "cases": "\x00"}
    clerk.post(f"{DESK}many/", odd, 422)
    page = clerk.post(f"{DESK}many/", {"cases": cases, "act": "permit.approve"})
    assert "行うこと" in page  # an approver's act is no choice
    person("mlit", body="mlit").get(f"{DESK}many/", 404)
    person("clerk", body="131113").post(f"{DESK}many/", {"cases": cases}, 404)
    clerk.get(f"{DESK}many/00000000-0000-0000-0000-000000000000/", 404)
