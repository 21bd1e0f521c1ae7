"""Notices, e-mail settings, webhooks, the operator's page: who sees them, and what their buttons do."""

from __future__ import annotations

import re
from datetime import date

import pytest

BODY = "131229"

LIST, SETTINGS = "/my/notices/", "/my/notices/settings/"
HOOKS = f"/desk/{BODY}/temporary-plate/settings/webhooks/"


def _notice(user, subject="申請を受け付けました"):
    from uuid_utils.compat import uuid7

    from kiban.access.scope import scope
    from kiban.cases.models import Inbox
    from kiban.ops import clock

    with scope(user.partition):
        return Inbox.objects.create(
            body=user.partition, id=uuid7(), target=BODY, case_id=uuid7(), service="temporary-plate",
            name="received", subject={"ja": subject, "en": "Received"}, text={"ja": "本文"}, at=clock.now(),
        )  # fmt: skip


def test_a_party_reads_its_notices(person, words):
    resident = person()
    _notice(resident.user)
    _notice(resident.user, "許可しました")
    page = resident.get(LIST)
    assert "未読のお知らせ 2件" in words(page) and "許可しました" in page
    notice = re.search(r'name="notice" value="([0-9a-f-]{36})"', page)[1]
    assert "未読のお知らせ 1件" in words(resident.post(LIST, {"notice": notice}))
    assert "未読のお知らせ 0件" in words(resident.post(LIST, {"notice": "all"}))
    assert "すべてお読みになりました" in resident.get(LIST + "?show=unread")
    resident.post(LIST, {"notice": "x"}, 404)
    person().post(LIST, {"notice": notice}, 404)
    assert "未読のお知らせ 0件" in words(person().get(LIST))


def test_email_settings(person, words, settings):
    resident = person()
    assert "メールを送信していません" in resident.get(SETTINGS)
    settings.EMAIL_HOST = "127.0.0.1"
    page = resident.get(SETTINGS)
    assert "申請を受け付けました" in page
    assert "メールアドレスを「hanako@example.jp」" in resident.post(
        SETTINGS, {"do": "address", "email": "x"}, 422
    )
    page = resident.post(SETTINGS, {"do": "address", "email": "hanako@example.jp"})
    assert "hanako@example.jp はまだ確認されていません" in words(page)
    page = resident.post(SETTINGS, {"do": "kinds", "kind": ["temporary-plate/received"]})
    assert len(re.findall(r'name="kind" value="[^"]+" checked', page)) == 1
    assert 'value=""' in resident.post(SETTINGS, {"do": "remove"})
    resident.post(SETTINGS, {"do": "?"}, 404)


def test_a_link_is_confirmed_by_its_button_without_signing_in(person, anybody, settings):
    from kiban.access.scope import scope
    from kiban.delivery import mail, preferences

    settings.EMAIL_HOST = "127.0.0.1"
    user = person().user
    with scope(user.partition):
        preferences.ask_for(str(user.id), "hanako@example.jp", "ja")
        token = mail.token(preferences.of(str(user.id)))
    url = f"/notices/confirm/{token}/"
    assert "メールアドレスの確認" in anybody.get(url)
    with scope(user.partition):
        assert preferences.of(str(user.id)).confirmed_at is None
    assert "アドレスを確認しました" in anybody.post(url, {})
    anybody.get(url, 404)
    anybody.get("/notices/confirm/x/", 404)


def test_webhooks_are_for_administrators_and_show_a_secret_once(person, words):
    admin, clerk = person("body_admin"), person("clerk")
    clerk.get(HOOKS, 403)
    person().get(HOOKS, 404)
    assert "内部ネットワーク" in admin.post(
        HOOKS, {"label": "x", "url": "https://10.0.0.1/", "types": "kiban.case.opened"}, 422
    )
    page = admin.post(HOOKS, {"label": "隣", "url": "https://example.com/h", "types": ["kiban.case.opened"]})
    assert page.count("whsec_") == 1
    one = re.search(rf'href="({HOOKS}[0-9a-f-]+/)"', page)[1]
    assert "whsec_" not in admin.get(HOOKS) + admin.get(one)
    assert "whsec_" in admin.post(one, {"do": "rotate"})
    assert "送信待ち" in admin.post(one, {"do": "try"})
    assert "停止中" in admin.post(one, {"do": "stop"})
    assert "停止中" not in words(admin.post(one, {"do": "go-on"}))
    admin.post(one, {"do": "again", "message": "x"}, 404)
    assert "知らせる先はまだありません" in admin.post(one, {"do": "delete"})
    admin.get(one, 404)


def test_the_operators_page_is_for_operators(person):
    from kiban.access import actors
    from kiban.delivery import health
    from kiban.delivery.messages import now
    from kiban.delivery.models import Queue, Stuck

    clerk = person("clerk")
    clerk.get("/operations/", 404)
    actors.grant(clerk.user, "", "", actors.OPERATOR, date(2026, 4, 1))
    assert "ワーカーが動いていません" in clerk.get("/operations/")
    health.Pulse("here/1").beat()
    assert "すべて順調です" in clerk.get("/operations/")
    Queue.objects.create(name="email", waiting=3, late=0, failing=1, dead=1, looked_at=now())
    Stuck.objects.create(queue="email", place="", item="m1", problem="smtp_554", since=now(), dead=True)
    page = clerk.get("/operations/")
    assert "smtp_554" in page and "送信を断念" in page


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic x"])
def test_metrics_are_not_there_without_the_token(anybody, header):
    anybody.get("/metrics", 404, **({"Authorization": header} if header else {}))


def test_metrics_count_without_names(person):
    from kiban.ops.home import secret

    resident = person()
    resident.get(LIST)
    text = resident.get("/metrics", Authorization=f"Bearer {secret('metrics_token')}")
    assert 'kiban_requests_total{method="GET",route="my/notices/",status="200"}' in text
    assert "kiban_workers_alive 0.0" in text
    assert str(resident.user.id) not in text and resident.user.partition not in text
