"""Paying online: offered where it stands, believed only from the provider, entered once, and never lost sight of."""

from __future__ import annotations

import re
import uuid

import pytest
from django.test import Client

from kiban.money import sandbox
from tests.web.conftest import BODY, Pages
from tests.web.money.conftest import MONEY, Granted, Person
from tests.web.test_desk import act

NOTIFY = "/payments/notify/"


@pytest.fixture(autouse=True)
def sample(settings) -> None:
    settings.KIBAN_PAYMENT_ADAPTER = "kiban.money.sandbox.Sandbox"


def begin(granted: Granted) -> str:
    """Begins to pay the fee; the reference."""
    granted.resident.get(f"{granted.mine}pay/fee/")
    page = granted.resident.post(f"{granted.mine}pay/fee/", {})
    found = re.search(rf"{BODY}-[0-9A-Z]+", page)
    assert found is not None
    return found[0]


def say(
    reference: str, kind: str = "paid", amount: int | None = 750, *, identity: str = "", ago: int = 0
) -> int:
    """The provider calls; the status that it is answered."""
    headers, content = sandbox.says(identity or uuid.uuid4().hex, reference, kind, amount, seconds_ago=ago)
    return send(headers, content)


def send(headers: dict[str, str], content: bytes) -> int:
    answer = Client().post(NOTIFY, content, content_type="application/json", headers=headers)
    return answer.status_code


def test_a_resident_pays_online(person: Person, granted: Granted, words, printed: None) -> None:
    page = granted.resident.get(granted.mine)
    assert "オンラインで支払う：手数料 750円" in words(page)
    reference = begin(granted)
    page = granted.resident.get(granted.resident.url)
    assert f'href="/demo/payments/{reference}/"' in page
    assert "続ける" in words(granted.resident.get(granted.mine))
    assert begin(granted) == reference  # goes on with what was begun
    provider = Pages()
    assert "お金は動きません" in words(provider.get(f"/demo/payments/{reference}/"))
    answer = provider.client.post(f"/demo/payments/{reference}/", {"do": "pay"})
    assert answer["Location"] == f"{granted.mine}payments/{reference}/"
    said = words(granted.resident.get(f"{granted.mine}payments/{reference}/"))
    assert "支払を確認し、記録しました" in said
    page = granted.resident.get(granted.mine)
    assert "オンラインで支払う" not in words(page)
    link = re.search(r'href="(/my/[^"]+/receipts/[^"]+)"', page)
    assert link is not None
    assert granted.resident.client.get(link[1]).content.startswith(b"%PDF-")
    stranger = person()
    for path in ("pay/fee/", f"payments/{reference}/"):
        stranger.get(granted.mine + path, 404)
    stranger.get(link[1], 404)
    said = words(person("clerk").get(f"{MONEY}?q={reference}"))
    assert "オンライン" in said
    assert "R08-00001" in said


def test_a_call_counts_only_when_it_is_the_providers(granted: Granted) -> None:
    reference = begin(granted)
    headers, content = sandbox.says("e1", reference, "paid", 750)
    assert send({**headers, "webhook-signature": "v1,AAAA"}, content) == 401
    assert send(headers, content.replace(b"750", b"751")) == 401
    assert send({k: v for k, v in headers.items() if k != "webhook-id"}, content) == 401
    assert say(reference, ago=600) == 401  # replayed later
    assert say(reference, ago=-600) == 401
    assert send({}, b"x" * 70_000) == 413
    for content in (b"[]", b"null", b'{"reference": 1}', "あ".encode()):
        headers = {**sandbox.headers_for(sandbox.secret(), "e2", content)}
        assert send(headers, content) == 401
    assert say("131229-NOBODYKNOWS22") == 404
    assert say("zzz") == 404
    assert Client().get(NOTIFY).status_code == 405
    assert "支払はまだ確認されていません" in granted.resident.get(f"{granted.mine}payments/{reference}/")


def test_said_twice_it_is_entered_once(person: Person, granted: Granted) -> None:
    reference = begin(granted)
    for identity in ("same", "same", "other"):
        assert say(reference, identity=identity) == 204
    assert person("clerk").get(MONEY + "collections.csv").count(reference) == 1


def test_the_amount_is_checked(person: Person, granted: Granted, words) -> None:
    reference = begin(granted)
    assert say(reference, amount=700) == 204
    clerk = person("clerk")
    assert "金額相違" in words(clerk.get(MONEY + "online/"))
    assert reference not in clerk.get(MONEY + "collections.csv")
    assert "担当窓口での確認が必要" in granted.resident.get(f"{granted.mine}payments/{reference}/")


@pytest.mark.parametrize(
    ("kind", "words_of_it"), [("cancelled", "取りやめになりました"), ("expired", "期限が過ぎました")]
)
def test_cancelled_and_expired_can_be_begun_again(granted: Granted, kind: str, words_of_it: str) -> None:
    reference = begin(granted)
    assert say(reference, kind, None) == 204
    page = granted.resident.get(f"{granted.mine}payments/{reference}/")
    assert words_of_it in page
    assert f"{granted.mine}pay/fee/" in page
    assert begin(granted) != reference
    assert say(reference) == 204  # money came after all: late, and entered all the same
    assert "支払を確認し" in granted.resident.get(f"{granted.mine}payments/{reference}/")
    assert say(reference, kind, None) == 204  # too late to cancel
    assert "支払を確認し" in granted.resident.get(f"{granted.mine}payments/{reference}/")


def test_the_time_passes_by_itself(granted: Granted) -> None:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    reference = begin(granted)
    clock.set_clock(moment("2026-10-02T10:31"))
    assert "期限が過ぎました" in granted.resident.get(f"{granted.mine}payments/{reference}/")
    assert begin(granted) != reference


def test_paid_at_the_counter_and_online_is_mended_by_an_act(
    person: Person, granted: Granted, words, printed: None
) -> None:
    """A payment taken twice: its trace, its notice, its corrected documents."""
    reference = begin(granted)
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    assert say(reference) == 204
    said = words(clerk.get(granted.desk))
    assert "過誤納 750円" in said
    assert "𠮷田　髙志" in words(clerk.get(MONEY + "standing/"))
    assert "納め過ぎになっています" in words(granted.resident.get(granted.mine))
    act(clerk, granted.desk, "repay_excess", amount="750", method="transfer", comment="二重に納められたため")
    page = clerk.get(granted.desk)
    assert "過誤納金還付通知書" in words(page)
    assert "過誤納はありません" in words(clerk.get(MONEY + "standing/"))
    page = granted.resident.get(granted.mine)
    assert "納め過ぎの手数料をお返しします" in words(page)
    link = re.search(r'href="([^"]+/documents/[^"]+)">過誤納金還付通知書', page)
    assert link is not None
    assert granted.resident.client.get(link[1]).content.startswith(b"%PDF-")
    said = words(clerk.get(MONEY))
    assert "過誤納還付" in said
    assert "オンライン" in said


def test_receipts_say_what_was_given_back(person: Person, granted: Granted) -> None:
    from kiban.access.scope import scope
    from kiban.money import book, papers

    reference = begin(granted)
    clerk = person("clerk")
    act(clerk, granted.desk, "pay", amount="750", method="cash")
    say(reference)
    act(clerk, granted.desk, "repay_excess", amount="750", method="transfer", comment="二重に納められたため")
    with scope(BODY):
        entries = book.of_case(uuid.UUID(granted.id))
    first, second = [entry for entry in entries if entry.do == "settle"]
    assert papers.corrections(first, entries) == []
    assert papers.corrections(second, entries) == [
        "このうち750円は、令和8年10月2日に過誤納として還付しました。"
    ]


def test_money_for_a_case_that_has_moved_on_is_entered_otherwise(person: Person, granted: Granted) -> None:
    reference = begin(granted)
    act(granted.resident, granted.mine, "withdraw", comment="不要になったため")
    assert say(reference) == 204
    clerk = person("clerk")
    assert reference in clerk.get(MONEY + "collections.csv")
    assert say(reference, identity="again") == 204
    assert clerk.get(MONEY + "collections.csv").count(reference) == 1


def test_what_cannot_be_entered_waits_for_somebody(
    person: Person, granted: Granted, words, monkeypatch
) -> None:
    from kiban.cases import door
    from kiban.kernel.definitions.model import Label
    from kiban.kernel.facts import Refusal

    reference = begin(granted)
    real = door.act
    busy = door.Outcome("refused", {}, refusal=Refusal(door.BUSY, Label(ja="x")))
    monkeypatch.setattr(door, "act", lambda *a, **k: busy)
    assert say(reference) == 204
    monkeypatch.setattr(door, "act", real)
    clerk = person("clerk")
    assert "入金あり・未記帳" in words(clerk.get(MONEY + "online/"))
    person("approver").post(MONEY + "online/", {"reference": reference}, 403)
    assert "入金を記録しました" in words(clerk.post(MONEY + "online/", {"reference": reference}))
    clerk.post(MONEY + "online/", {"reference": reference}, 404)
    assert clerk.get(MONEY + "collections.csv").count(reference) == 1


def test_without_a_provider_nothing_is_offered(settings, granted: Granted, words) -> None:
    settings.KIBAN_PAYMENT_ADAPTER = ""
    assert "オンラインで支払う" not in words(granted.resident.get(granted.mine))
    granted.resident.get(f"{granted.mine}pay/fee/")
    assert granted.resident.url == granted.mine
    granted.resident.get(f"{granted.mine}pay/nothing/", 404)
    assert send({}, b"{}") == 404


def test_the_sample_provider_is_not_for_production(settings) -> None:
    from kiban.money import port
    from kiban.ops.config import ConfigurationError

    port._load.cache_clear()
    settings.PRODUCTION = True
    with pytest.raises(ConfigurationError, match="demo only"):
        port.adapter()
    port._load.cache_clear()
    settings.KIBAN_PAYMENT_ADAPTER = "kiban.money.nothing.There"
    with pytest.raises(ConfigurationError, match="KIBAN_PAYMENT_ADAPTER"):
        port.adapter()
    port._load.cache_clear()


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://pay.example.jp/x?y=1", True), ("/demo/payments/x/", True), ("http://pay.example.jp/", False),
        ("https://evil.example/", False), ("//evil.example/", False), ("https://a@pay.example.jp/", False),
        ("javascript:alert(1)", False), ("/\\evil.example", False), ("https://[", False),
    ],
)  # fmt: skip
def test_a_payer_is_sent_to_the_provider_only(url: str, right: bool) -> None:
    from kiban.money.port import leads_to

    class Adapter:
        hosts = ("pay.example.jp",)

    assert leads_to(Adapter(), url) is right  # type: ignore[arg-type]
