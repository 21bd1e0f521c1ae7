"""Daily closing: counted, compared, closed; later money goes to the next day; opened again by somebody else only."""

from __future__ import annotations

from datetime import date

import pytest

from tests.web.conftest import BODY
from tests.web.money.conftest import MONEY, Granted, Person
from tests.web.test_desk import act

TODAY = f"{MONEY}days/2026-10-02/"


def test_a_day_is_counted_and_closed(person: Person, granted: Granted, words, printed: None) -> None:
    clerk = person("clerk", name="例示 一郎")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    assert TODAY in clerk.get(MONEY + "days/")
    page = clerk.post(TODAY, {"do": "close", "n500": "1", "n100": "2"}, 422)
    assert "入力してください" in words(page)  # the reason for 50 yen too little
    assert 'value="2"' in page  # nothing typed is lost
    page = clerk.post(TODAY, {"do": "close", "total": "1000", "n500": "1"}, 422)
    assert "金種の合計は500円です" in words(page)
    clerk.post(TODAY, {"do": "close", "total": "many"}, 422)
    clerk.post(TODAY, {"do": "close"}, 422)
    said = words(clerk.post(TODAY, {"do": "close", "n500": "1", "n100": "２", "n50": "1"}))
    assert "締め済み" in said
    assert "例示 一郎" in said
    clerk.post(TODAY, {"do": "close", "total": "750"}, 422)  # once
    answer = clerk.client.get(TODAY + "sheet.pdf")
    assert answer.content.startswith(b"%PDF-")
    assert "締めを待つ日はありません" in words(clerk.get(MONEY + "days/"))


def test_money_of_a_closed_day_is_booked_on_the_next(person: Person, words) -> None:
    one, other, clerk = Granted(person), Granted(person, "NZE121-0000002"), person("clerk")
    act(clerk, one.desk, "pay", amount="750", method="cash")
    clerk.post(TODAY, {"do": "close", "total": "750"})
    act(clerk, other.desk, "pay", amount="750", method="cashless")
    said = words(clerk.get(f"{MONEY}?from=2026-10-03&to=2026-10-03"))
    assert "R08-00002" in said
    assert "2026-10-02に取扱い" in said
    assert "R08-00002" not in words(clerk.get(f"{MONEY}?from=2026-10-02&to=2026-10-02"))


def test_days_are_closed_in_order_and_not_ahead(person: Person, granted: Granted, words) -> None:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    assert "まだ来ていない" in words(clerk.get(f"{MONEY}days/2026-10-03/"))
    clerk.post(f"{MONEY}days/2026-10-03/", {"do": "close", "total": "0"}, 422)
    clock.set_clock(moment("2026-10-05T10:00"))
    page = clerk.post(f"{MONEY}days/2026-10-05/", {"do": "close", "total": "0"}, 422)
    assert "先に2026-10-02を締めてください" in words(page)
    clerk.get(f"{MONEY}days/2026-13-45/", 404)


def test_opened_again_by_another_person_with_a_trace(person: Person, granted: Granted, words) -> None:
    clerk, colleague = person("clerk"), person("clerk", name="例示 二郎")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    clerk.post(TODAY, {"do": "close", "total": "700", "reason": "50円玉1枚が見つからない"})
    clerk.post(TODAY, {"do": "reopen", "why": "見つかった"}, 422)  # not by oneself
    colleague.post(TODAY, {"do": "reopen", "why": ""}, 422)
    said = words(colleague.post(TODAY, {"do": "reopen", "why": "50円玉が見つかった"}))
    assert "例示 二郎" in said
    assert "50円玉が見つかった" in said
    said = words(clerk.post(TODAY, {"do": "close", "total": "750"}))
    assert "締め済み" in said
    assert "50円玉1枚が見つからない" in said  # what was stays


def test_another_person_confirms_where_the_body_wants_it(person: Person, granted: Granted, words) -> None:
    from kiban.definitions import editions
    from kiban.ops import clock
    from tests import set_by_body

    compiled = editions.current("temporary-plate", clock.today())
    set_by_body.parameter(compiled, BODY, "closing_four_eyes", True, date(2026, 4, 1))
    clerk, approver = person("clerk"), person("approver")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    approver.post(TODAY, {"do": "close", "total": "750"}, 403)  # takes no money
    assert "確認待ち" in words(clerk.post(TODAY, {"do": "close", "total": "750"}))
    clerk.post(TODAY, {"do": "confirm"}, 422)
    assert "締め済み" in words(approver.post(TODAY, {"do": "confirm"}))


def test_a_closing_is_never_changed(person: Person, granted: Granted) -> None:
    """The role of the application may add who confirmed and opened again, nothing else."""
    from django.db import ProgrammingError

    from kiban.access.scope import scope
    from kiban.money.models import Closing

    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    clerk.post(TODAY, {"do": "close", "total": "750"})
    with scope(BODY):
        assert Closing.objects.filter(body=BODY).count() == 1
    for change in (lambda rows: rows.update(cash_counted=0), lambda rows: rows.delete()):
        with pytest.raises(ProgrammingError), scope(BODY):
            change(Closing.objects.filter(body=BODY))
