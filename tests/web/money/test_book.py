"""The collections ledger: what acts do with money stands in it at once, is found, summed up and taken away as a file."""

from __future__ import annotations

import csv
import io
import re

import openpyxl

from tests.web.conftest import BODY
from tests.web.money.conftest import DESK, MONEY, Granted, Person
from tests.web.test_desk import act


def test_an_empty_book_says_so(person: Person, words) -> None:
    said = words(person("clerk").get(MONEY))
    assert "この期間の収納と還付はありません" in said
    assert "収納" in words(person("clerk").get(DESK))  # the tab


def test_a_payment_stands_in_the_book_with_its_receipt(person: Person, granted: Granted, words) -> None:
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    page = clerk.get(MONEY)
    said = words(page)
    assert "R08-00001" in said
    assert "𠮷田　髙志" in said
    assert "令和8年10月2日" in said
    assert "750円" in said
    assert f"/desk/{BODY}/cases/{granted.id}/" in page
    for found in (
        "?q=吉田",
        "?q=R08-00001",
        "?method=cash",
        "?charge=fee",
        "?from=2026-10-02&to=令和8年10月2日",
    ):
        assert "R08-00001" in clerk.get(MONEY + found), found
    for missed in ("?q=佐藤", "?method=cashless", "?charge=compensation", "?from=2026-09-01&to=2026-09-30"):
        assert "R08-00001" not in clerk.get(MONEY + missed), missed
    assert "請求" in words(clerk.get(MONEY + "?what=all"))
    page = clerk.get(MONEY + "?from=いつか", 422)
    assert 'value="いつか"' in page


def test_the_files_say_what_the_page_says(person: Person, granted: Granted) -> None:
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    answer = clerk.client.get(MONEY + "collections.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row["領収番号"] for row in rows] == ["R08-00001"]
    assert rows[0]["和暦"] == "令和8年10月2日"
    assert (rows[0]["納入者"], rows[0]["歳入科目"], rows[0]["収納額"], rows[0]["累計"]) == (
        "𠮷田　髙志", "使用料及び手数料／手数料", "750", "750",
    )  # fmt: skip
    answer = clerk.client.get(MONEY + "collections.xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert sheet["A2"].value.isoformat()[:10] == "2026-10-02"
    assert sheet["J2"].value == 750


def test_no_cell_of_a_file_is_a_formula() -> None:
    from kiban.money import export

    text = export.as_csv(["a"], [["=1+1"], ["@x"], ["安全"]])
    assert text.split("\r\n")[1:4] == ["'=1+1", "'@x", "安全"]
    book = openpyxl.load_workbook(io.BytesIO(export.as_workbook("x", ["a"], [["=1+1"]])))
    assert (book.active["A2"].value, book.active["A2"].data_type) == ("=1+1", "s")


def test_the_receipt_is_a_document(person: Person, granted: Granted, printed: None) -> None:
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    link = re.search(r'href="(/desk/[^"]+/receipts/[^"]+)"', clerk.get(MONEY))
    assert link is not None
    answer = clerk.client.get(link[1])
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    clerk.get(link[1].replace("/1/", "/7/"), 404)


def test_only_those_who_see_the_cases_see_the_book(person: Person, granted: Granted) -> None:
    act(person("clerk"), granted.desk, "pay", amount="750", method="cash")
    never = person("mlit").get(f"/desk/{BODY}/nothing/", 404)
    for who in (person("mlit"), person("police"), person("clerk", body="131211"), person()):
        for path in ("", "collections.csv", "collections.xlsx", "standing/", "days/", "days/2026-10-02/"):
            assert who.get(MONEY + path, 404) == never
    assert "R08-00001" in person("approver").get(MONEY)


def test_what_is_owed_and_who_looked(person: Person, granted: Granted, words) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import AccessLog

    clerk = person("clerk")
    said = words(clerk.get(MONEY + "standing/"))
    assert "未納" in said
    assert "𠮷田　髙志" in said
    assert "過誤納はありません" in said
    with scope(BODY):
        seen = AccessLog.objects.filter(body=BODY, viewer=str(clerk.user.id)).values_list("what", flat=True)
        assert list(seen) == ["collections"]


def test_pages_of_many_entries_go_on_where_they_ended(person: Person, granted: Granted) -> None:
    """The running total of a later page begins with what stood before it."""
    from datetime import date

    from kiban.access.scope import scope
    from kiban.definitions import editions
    from kiban.money import book
    from kiban.ops import clock

    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    compiled = editions.current("temporary-plate", clock.today())
    choice = book.Choice(date(2026, 10, 1), date(2026, 10, 31), what="all")
    with scope(BODY):
        first = book.lines(compiled, choice, {"clerk"}, limit=1)
        assert [line.entry.do for line in first.rows] == ["raise"]
        second = book.lines(compiled, choice, {"clerk"}, limit=1, cursor=first.next)
        assert [(line.entry.do, line.running) for line in second.rows] == [("settle", 750)]
        assert second.next is None
