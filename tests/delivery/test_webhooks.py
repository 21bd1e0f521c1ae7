"""Webhooks reach a real server, signed, with one id at every attempt; addresses of our own network are never called."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import time
from datetime import timedelta

import pytest
from lending_office import BODY, NOW, OTHER, SERVICE

from kiban.access.scope import scope
from kiban.delivery import outbox, pinned, sender, webhooks
from kiban.delivery.messages import now
from kiban.delivery.models import DEAD, SENT, WAITING, Message, Subscription


def _subscribe(url, body=BODY, types=webhooks.TYPES):
    with scope(body):
        return webhooks.create(SERVICE, "隣のシステム", url, types, "tester")


def _rows(**where):
    with scope(BODY):
        return list(Message.objects.filter(body=BODY, **where).order_by("created_at"))


def _again():
    with scope(BODY):
        Message.objects.filter(body=BODY, state=WAITING).update(due_at=now())
    return sender.run(body=BODY)


def _verify(secret, headers, content):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + content
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split(" ")


def test_an_act_is_told_as_a_signed_cloud_event(office, receiver):
    _made, secret = _subscribe(receiver.url)
    opened = office.submit()
    outbox.run(NOW, body=BODY)
    assert sender.run(body=BODY) == 1
    ((headers, content),) = receiver.calls
    assert headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert _verify(secret, headers, content)
    assert not _verify(secret, headers, content + b" ")
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    event = json.loads(content)
    assert {k: event[k] for k in ("specversion", "type", "subject", "datacontenttype")} == {
        "specversion": "1.0", "type": "kiban.case.opened", "subject": f"cases/{opened.case_id}",
        "datacontenttype": "application/json",
    }  # fmt: skip
    assert event["source"].endswith(f"/api/v1/bodies/{BODY}")
    assert event["data"]["case"] == opened.case_id and event["data"]["seq"] == 1
    assert "髙橋" not in content.decode()
    assert [m.state for m in _rows()] == [SENT]


def test_acts_and_papers_are_told_to_those_who_asked_in_their_body_only(office, receiver):
    _subscribe(receiver.url, types=[webhooks.CHANGED, webhooks.ISSUED])
    _subscribe(receiver.url, body=OTHER)
    office.stock("B-1")
    opened = office.submit()
    office.act(office.clerk, "lend", opened.case_id)
    while outbox.run(NOW, body=BODY):
        pass
    while sender.run(body=BODY):
        pass
    kinds = sorted(json.loads(content)["type"] for _headers, content in receiver.calls)
    assert kinds == ["kiban.case.changed", "kiban.document.issued"]


def test_a_receiver_that_fails_is_tried_again_with_the_same_id_and_content(office, receiver):
    _subscribe(receiver.url)
    office.submit()
    outbox.run(NOW, body=BODY)
    receiver.answers = [
        (500, {}),
        (302, {"Location": "http://127.0.0.1:1/elsewhere"}),
        (503, {"Retry-After": "120"}),
    ]
    sender.run(body=BODY)
    assert (_rows()[0].state, _rows()[0].problem) == (WAITING, "http_500")
    assert now() < _rows()[0].due_at < now() + timedelta(seconds=8)
    _again()
    assert _rows()[0].problem == "http_302"  # nobody follows it
    _again()
    assert _rows()[0].due_at > now() + timedelta(seconds=100)
    _again()
    assert (_rows()[0].state, _rows()[0].attempts) == (SENT, 4)
    assert len({(headers["webhook-id"], content) for headers, content in receiver.calls}) == 1


def test_what_was_given_up_is_kept_and_can_be_sent_again(office, receiver):
    made, _secret = _subscribe(receiver.url)
    office.submit()
    outbox.run(NOW, body=BODY)
    receiver.answers = [(500, {})] * 11
    sender.run(body=BODY)
    while _rows()[0].state == WAITING:
        assert _again() == 1
    (dead,) = _rows()
    assert (dead.state, dead.attempts) == (DEAD, 11)
    with scope(BODY):
        assert webhooks.again(BODY, owner=str(made.id), message=dead.id) == 1
    sender.run(body=BODY)
    assert (_rows()[0].state, _rows()[0].id) == (SENT, dead.id)


def test_a_receiver_that_is_gone_is_not_called_any_more(office, receiver):
    made, _secret = _subscribe(receiver.url)
    office.submit()
    outbox.run(NOW, body=BODY)
    receiver.answers = [(410, {})]
    sender.run(body=BODY)
    with scope(BODY):
        found = Subscription.objects.get(body=BODY, id=made.id)
    assert (found.active, found.stopped) == (False, "gone")
    office.submit()
    outbox.run(NOW, body=BODY)
    assert len(_rows()) == 1


def test_a_new_secret_signs_beside_the_old_one_for_a_day(office, receiver):
    made, old = _subscribe(receiver.url)
    with scope(BODY):
        new = webhooks.rotate(made)
        webhooks.ping(made)
    sender.run(body=BODY)
    (headers, content) = receiver.calls[0]
    assert _verify(old, headers, content) and _verify(new, headers, content)
    with scope(BODY):
        Subscription.objects.filter(body=BODY, id=made.id).update(previous_until=now() - timedelta(seconds=1))
        webhooks.ping(made)
    sender.run(body=BODY)
    (headers, content) = receiver.calls[1]
    assert _verify(new, headers, content) and not _verify(old, headers, content)


def test_secrets_are_sealed(office, receiver, database):
    _made, secret = _subscribe(receiver.url)
    kept = database.administrator.execute("SELECT secret::text FROM delivery_subscription").fetchone()[0]
    assert secret not in kept and secret.removeprefix("whsec_") not in kept


def test_a_slow_receiver_is_cut_off(settings, receiver, monkeypatch):
    receiver.server.RequestHandlerClass.do_POST = lambda handler: time.sleep(3)
    began = time.monotonic()
    with pytest.raises(pinned.NotReached) as error:
        pinned.post(receiver.url, b"{}", {}, time_limit=0.5)
    assert error.value.reason == "timeout"
    assert time.monotonic() - began < 2.5


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://example.com/", "scheme"), ("ftp://example.com/", "scheme"), ("https://u:p@example.com/", "parts"),
        ("https:///x", "parts"), ("https://example.com:22/", "port"), ("https://127.0.0.1/", "private"),
        ("https://10.0.0.1/", "private"), ("https://169.254.169.254/latest/meta-data", "private"),
        ("https://[::1]/", "private"), ("https://[::ffff:127.0.0.1]/", "private"), ("https://localhost/", "private"),
        ("https://[64:ff9b::7f00:1]/", "private"), ("https://[2002:7f00:1::]/", "private"), ("https://[fe80::1]/", "private"),
        ("https://0.0.0.0/", "private"), ("https://100.64.0.1/", "private"), ("https://exa mple.com/", "parts"),
    ],
)  # fmt: skip
def test_addresses_that_are_never_called(settings, url, reason):
    settings.KIBAN_WEBHOOK_LOOPBACK = False
    with pytest.raises(pinned.Refused) as error:
        pinned.checked(url)
    assert error.value.reason == reason


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:192.168.0.1"]])
def test_a_name_that_leads_into_our_network_is_not_called(settings, monkeypatch, found):
    """Whatever one of its addresses is: the one that was checked is the one that is called."""
    answers = [(2, 1, 6, "", (address, 443)) for address in found]
    monkeypatch.setattr(pinned.socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(pinned.Refused) as error:
        pinned.post("https://innocent.example/", b"{}", {})
    assert error.value.reason == "private"


def test_public_addresses_are_public():
    assert pinned.is_public(ipaddress.ip_address("93.184.216.34"))
    assert not pinned.is_public(ipaddress.ip_address("224.0.0.1"))
