"""An edition that comes into force while somebody fills in a form: the draft goes on, and its person is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from tests.web.applying import begin, fill_all
from tests.web.conftest import BODY, FIRST, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
SIX_DAYS = {"period_from": "2026-10-06", "period_to": "2026-10-11"}


def _publish_seven_days() -> str:
    from kiban.definitions.publish import publish_texts, with_day
    from kiban.kernel.definitions.loader import read_folder

    texts = read_folder(FIRST)
    old = "type: integer, unit: 日, value: 5, law: 道路運送車両法35条3項"
    assert texts["parameters.yaml"].count(old) == 1
    texts["parameters.yaml"] = texts["parameters.yaml"].replace(old, old.replace("value: 5", "value: 7"))
    return publish_texts(with_day(texts, date(2026, 10, 5))).id


def _set_day(day: str) -> None:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment(f"{day}T10:00"))


def test_a_draft_goes_on_under_the_edition_of_its_submission(person: Person, words: Words) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import Case

    resident = person()
    page = begin(resident)
    assert "変わりました" not in words(page)
    page = resident.fill(page, **_applicant())
    edition = _publish_seven_days()
    page = resident.get(resident.url)
    assert "この手続の内容が変わりました" not in words(page)  # not in force yet
    _set_day("2026-10-05")
    page = resident.get(resident.url)
    assert "入力を始めたあとに、この手続の内容が変わりました" in words(page)
    assert "「運行の期間の上限」: 5日 → 7日" in words(page)
    resident.get(resident.url.replace("/receiver/", "/applicant/"))
    page = resident.get(resident.url)
    assert "𠮷田　髙志" in page  # what was typed is kept
    page = fill_all(resident, page, period=SIX_DAYS)
    assert "この手続の内容が変わりました" in words(page)
    resident.post(resident.url, {"do": "send"})
    assert resident.url.endswith("/received/")
    with scope(BODY):
        case = Case.objects.get(body=BODY)
    assert case.edition == edition


def test_a_value_that_the_body_sets_is_told_too(person: Person, words: Words) -> None:
    from kiban.definitions import editions
    from kiban.ops import clock
    from tests import set_by_body

    resident = person(language="en")
    begin(resident)
    compiled = editions.current("temporary-plate", clock.today())
    set_by_body.parameter(compiled, BODY, "fee", 900, date(2026, 10, 3))
    assert "Fee: ¥750" not in words(resident.get(resident.url))
    _set_day("2026-10-03")
    page = words(resident.get(resident.url))
    assert "This procedure has changed since you began" in page
    assert "Fee:" in page
    assert "900" in page


def _applicant() -> dict[str, Any]:
    from tests.web.applying import STEPS

    return STEPS["applicant"]
