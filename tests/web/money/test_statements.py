"""Reconciliation: a provider's file beside the book; what differs is settled with a reason; no card number is kept."""

from __future__ import annotations

import csv
import io
import re
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.conftest import BODY, Pages
from tests.web.money.conftest import MONEY, Granted, Person
from tests.web.test_desk import act

FILES = MONEY + "statements/"


def send(pages: Pages, text: str | bytes, name: str = "10月分.csv", status: int = 200) -> str:
    content = text if isinstance(text, bytes) else text.encode()
    pages.get(FILES)
    return pages.post(FILES, {"file": SimpleUploadedFile(name, content)}, status)


@pytest.fixture
def clerk(person: Person) -> Pages:
    """A clerk at a book with three payments: one of them without a reference, one in cash."""
    found = person("clerk", name="例示 一郎")
    given = ({"method": "cashless", "reference": "T-0001"}, {"method": "cashless"}, {"method": "cash"})
    for n, how in enumerate(given, start=1):
        act(found, Granted(person, f"NZE121-000000{n}").desk, "pay", amount="750", **how)
    return found


def test_a_file_beside_the_book(clerk: Pages, words) -> None:
    page = send(
        clerk, "reference,amount,date\nt-0001,750,2026-10-02\n,750,2026/10/02\nT-9999,750,令和8年10月2日\n"
    )
    said = words(page)
    assert "未処理 1件" in said
    for expected in ("一致 T-0001", "日と金額で一致", "明細だけにある T-9999"):
        assert expected in said, expected
    rows = list(
        csv.DictReader(io.StringIO(clerk.client.get(f"{clerk.url[:-1]}.csv").content.decode("utf-8-sig")))
    )
    assert [row["結果"] for row in rows] == [
        "明細だけにある",
        "日と金額で一致",
        "一致",
    ]  # the cash is not in it
    page = clerk.post(clerk.url, {"do": "settle", "key": "line/4", "reason": ""}, 422)
    assert 'href="#s-reason-line-4"' in page
    said = words(
        clerk.post(clerk.url, {"do": "settle", "key": "line/4", "reason": "別の業務の入金のため会計課へ"})
    )
    assert "すべて処理済み" in said
    assert "例示 一郎" in said
    assert "0" in words(clerk.get(FILES))
    clerk.post(
        clerk.url, {"do": "settle", "key": "line/2", "reason": "x"}, 404
    ) if clerk.url != FILES else None


def test_amounts_that_differ_and_entries_that_are_missing(clerk: Pages, words) -> None:
    said = words(send(clerk, "照会番号,金額,入金日\nT-0001,700,2026-10-02\n"))
    assert "金額が異なる T-0001" in said
    assert "収納簿だけにある" in said
    assert "未処理 2件" in said


def test_columns_are_named_once_and_nothing_else_is_kept(clerk: Pages, words) -> None:
    from kiban.access.scope import scope
    from kiban.money.models import Statement

    text = '日時,カード,お客様,番号,決済\n20261002,4111 1111 1111 1111,見本 花子,T-0001,"750円"\n'
    page = send(clerk, text.encode("cp932"))
    said = words(page)
    assert "どの列が何を表しますか" in said
    assert "4111" not in page
    assert "伏せました" in said
    clerk.post(clerk.url, {"do": "columns", "reference": "3", "amount": "3", "day": "0"}, 422)
    page = clerk.post(clerk.url, {"do": "columns", "reference": "3", "amount": "2", "day": "0"}, 422)
    assert "2行目の金額「見本 花子」を読み取れません" in words(page)
    said = words(clerk.post(clerk.url, {"do": "columns", "reference": "3", "amount": "4", "day": "0"}))
    assert "一致 T-0001" in said
    with scope(BODY):
        (kept,) = Statement.objects.filter(body=BODY)
        assert kept.rows == [["T-0001", "750円", "20261002"]]
        assert kept.header == ["番号", "決済", "日時"]
    assert "一致 T-0001" in words(send(clerk, text.encode("cp932")))  # the same headings: no question


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "選んでください"), (b"\x00\x01\x02", "文字を読めません"), (b"\xff\xfe\xfd", "文字を読めません"),
        (b"reference,amount,date\n", "1行以上の明細"), (b'a,b\n"x', "CSVとして読めません"),
        (b"a,b\n" + b"x," * 100, "多すぎます"), (b"a,b\n" + b"x" * 600, "多すぎます"), (b"x" * (5 * 1024 * 1024 + 1), "5MBまで"),
    ],
)  # fmt: skip
def test_wrong_files_are_told(person: Person, words, content: bytes, said: str) -> None:
    assert said in words(send(person("clerk"), content, status=422))


def test_unreadable_lines_are_named(person: Person, words) -> None:
    clerk = person("clerk")
    page = send(clerk, "reference,amount,date\nA,１２３,2026-10-02\nB,いくら,いつか\n")
    assert "どの列が何を表しますか" in words(page)
    page = clerk.post(clerk.url, {"do": "columns", "reference": "0", "amount": "1", "day": "2"}, 422)
    assert "3行目の金額「いくら」" in words(page)
    assert "3行目の入金日「いつか」" in words(page)


def test_a_file_can_be_removed_until_something_is_settled(person: Person, words) -> None:
    clerk = person("clerk")
    send(clerk, "reference,amount,date\nA,1,2026-10-02\n")
    url = clerk.url
    person("approver").post(url, {"do": "remove"}, 403)
    assert "明細を削除しました" in words(clerk.post(url, {"do": "remove"}))
    clerk.get(url, 404)
    send(clerk, "reference,amount,date\nA,1,2026-10-02\n")
    url = clerk.url
    clerk.post(url, {"do": "settle", "key": "line/2", "reason": "確認済み"})
    assert "削除できません" in words(clerk.post(url, {"do": "remove"}, 422))
    person("clerk", body="131211").get(url, 404)


def test_pairs_are_made_once() -> None:
    """Each line and each entry stands in one pair, whatever is there twice."""
    from kiban.money.matching import match
    from kiban.money.models import Entry
    from kiban.money.statements import Line

    day = date(2026, 10, 2)

    def entry(n: int, amount: int, reference: str = "", do: str = "settle") -> Entry:
        return Entry(seq=n, line=1, amount=amount, reference=reference, do=do, day=day)

    found = [Line(2, "A", 100, day), Line(3, "A", 100, day), Line(4, "", 50, day), Line(5, "", -70, day)]
    book = [entry(1, 100, "A"), entry(2, 50), entry(3, 50), entry(4, 70, "", "repay"), entry(5, 30, "B")]
    kinds = sorted(
        (p.kind, p.line.number if p.line else 0, p.entry.seq if p.entry else 0) for p in match(found, book)
    )
    assert kinds == [
        ("matched", 2, 1), ("only_ours", 0, 3), ("only_ours", 0, 5), ("only_theirs", 3, 0), ("paired", 4, 2),
        ("paired", 5, 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "number", ["4111111111111111", "4111-1111-1111-1111", "3530 1113 3330 0000", "378282246310005"]
)
def test_numbers_of_cards_are_masked(number: str) -> None:
    from kiban.money.statements import masked

    assert re.search(r"\d{4}", masked(f"x {number} y")) is None
    other = number[:-1] + str((int(number[-1]) + 1) % 10)
    assert masked(f"x {other} y") == f"x {other} y"


def test_the_sample_provider_s_file_agrees_with_the_book(
    person: Person, granted: Granted, settings, words
) -> None:
    from tests.web.money.test_online import begin

    settings.KIBAN_PAYMENT_ADAPTER = "kiban.money.sandbox.Sandbox"
    reference = begin(granted)
    Pages().client.post(f"/demo/payments/{reference}/", {"do": "pay"})
    file = Pages().client.get(f"/demo/payments/statements/{BODY}.csv")
    assert file["Content-Type"].startswith("text/csv")
    said = words(send(person("clerk"), file.content))
    assert f"一致 {reference}" in said
    assert "すべて処理済み" in said
