"""E-mails go to a real server: only to confirmed addresses, in the receiver's language, with one id at every attempt."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from lending_office import BODY, NOW

from kiban.access.scope import scope
from kiban.delivery import mail, outbox, preferences, sender
from kiban.delivery.messages import now
from kiban.delivery.models import DEAD, DROPPED, SENT, WAITING, Message, Preference


def _ask(office, email="taro@example.jp", language="ja"):
    with scope(office.party.partition):
        preferences.ask_for(str(office.party.id), email, language)
    return sender.run(body=office.party.partition)


def _token(received) -> str:
    text = received.get_body(("plain",)).get_content()
    return re.search(r"/notices/confirm/([^/\s]+)/", text)[1]


def _confirmed(office, post, **more):
    _ask(office, **more)
    assert preferences.confirm(_token(post.received.pop()[1]))


def _messages(office, **where):
    with scope(office.party.partition):
        return list(Message.objects.filter(body=office.party.partition, **where).order_by("created_at"))


def _due_again(office):
    with scope(office.party.partition):
        Message.objects.filter(body=office.party.partition, state=WAITING).update(due_at=now())


def test_an_address_counts_only_after_its_link(office, post):
    assert _ask(office) == 1
    ((to, received),) = post.received
    assert (to, received["Subject"].strip()) == (["taro@example.jp"], "メールアドレスの確認をお願いします")
    office.submit()
    outbox.run(NOW, body=BODY)
    assert sender.run(body=office.party.partition) == 0
    token = _token(received)
    assert preferences.asked_by(token) and preferences.confirm(token)
    assert not preferences.confirm(token)
    assert not preferences.confirm(token[:-2] + "xx")


def test_a_notice_is_told_in_the_language_of_its_reader_and_says_nothing_of_the_case(
    office, post, translated
):
    _confirmed(office, post, language="en")
    opened = office.submit()
    outbox.run(NOW, body=BODY)
    assert sender.run(body=office.party.partition) == 1
    ((to, received),) = post.received
    assert to == ["taro@example.jp"]
    assert received["Content-Language"] == "en"
    assert received["Auto-Submitted"] == "auto-generated"
    text, html = (received.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert f"/my/cases/{BODY}/{opened.case_id}/" in text and f"/my/cases/{BODY}/{opened.case_id}/" in html
    assert "There is a notice for you." in text and '<html lang="en">' in html
    assert "髙橋" not in text + html  # the name stands in the notice, not in the mail


def test_an_attempt_that_fails_is_repeated_with_the_same_id(office, post):
    _confirmed(office, post)
    office.submit()
    outbox.run(NOW, body=BODY)
    post.answers = ["451 try later"]
    assert sender.run(body=office.party.partition) == 1
    (message,) = _messages(office, state=WAITING)
    assert (message.attempts, message.problem) == (1, "smtp_451")
    assert now() < message.due_at < now() + timedelta(minutes=2)
    assert sender.run(body=office.party.partition) == 0
    _due_again(office)
    sender.run(body=office.party.partition)
    ((_to, received),) = post.received
    assert received["Message-ID"].startswith(f"<{message.id}@")
    assert sender.run(body=office.party.partition) == 0


def test_the_outbox_may_deliver_twice_the_mail_goes_once(office, post):
    _confirmed(office, post)
    office.submit()
    jobs = outbox._waiting(NOW, 10, BODY)
    batch = outbox._Batch(BODY, jobs, NOW)
    outbox._read(batch)
    outbox._pack(batch)
    for _ in range(2):  # a worker that dies before it takes the row away leaves it to the next one
        for partition, parcel in batch.parcels.items():
            outbox._hand_over(partition, parcel)
    outbox.run(NOW, body=BODY)
    for _ in range(2):
        sender.run(body=office.party.partition)
    assert len(post.received) == 1


def test_what_the_server_refuses_for_good_is_kept_as_dead(office, post):
    _confirmed(office, post)
    office.submit()
    outbox.run(NOW, body=BODY)
    post.answers = ["554 no such content"]
    sender.run(body=office.party.partition)
    assert [m.problem for m in _messages(office, state=DEAD)] == ["smtp_554"]


def test_a_kind_that_is_muted_and_a_deleted_address_get_nothing(office, post):
    _confirmed(office, post)
    with scope(office.party.partition):
        preferences.choose(str(office.party.id), ["test-lending/received"], "ja")
    office.submit()
    outbox.run(NOW, body=BODY)
    assert sender.run(body=office.party.partition) == 0
    with scope(office.party.partition):
        preferences.choose(str(office.party.id), [], "ja")
    office.submit()
    outbox.run(NOW, body=BODY)
    with scope(office.party.partition):
        preferences.remove(str(office.party.id))
        assert Preference.objects.get().email == ""
    assert sender.run(body=office.party.partition) == 0
    assert [m.state for m in _messages(office, kind="test-lending/received")] == [DROPPED]
    assert post.received == []


def test_a_server_that_is_away_costs_an_attempt_only(office, post, settings):
    settings.EMAIL_PORT = 9  # nobody listens
    _ask(office)
    (message,) = _messages(office)
    assert (message.state, message.attempts) == (WAITING, 1)
    assert [m.state for m in _messages(office, state=SENT)] == []


@pytest.mark.parametrize(
    "text", ["", "x", "a@b", "太郎@example.jp", "a@example.jp\nBcc: b@example.jp", "a" * 250 + "@example.jp"]
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="not an e-mail"):
        mail.address(text)


def test_links_are_not_sent_without_measure(office, post):
    for number in range(5):
        _ask(office, f"a{number}@example.jp")
    with scope(office.party.partition), pytest.raises(preferences.TooManyLinks):
        preferences.ask_for(str(office.party.id), "b@example.jp", "ja")
    assert [preferences.confirm(_token(received)) for _to, received in post.received] == [False] * 4 + [True]
