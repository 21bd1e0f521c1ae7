"""Signing in with an identity provider that runs in a process of its own: who comes in, and as whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from tests.web.conftest import Pages
from tests.web.identity.conftest import BODY, SITE, Faulty, Person, begin, path_of

Trial = dict[str, Faulty]
Words = Callable[[str], str]


def come_back(pages: Pages, name: str, login: str, status: int = 200, **fields: str) -> str:
    """Through the provider's pages and back; the page that is shown then."""
    answer = Person().answer(begin(pages.client, name, **fields), login, SITE)
    return pages.get(path_of(answer), status)


def _entered(username: str, *bodies: str) -> None:
    from kiban.access import actors
    from kiban.access.models import User

    user = User.objects.create_user(username, display_name="見本 花子", kind="staff")
    for body in bodies:
        actors.grant(user, body, "temporary-plate", "clerk", date(2026, 4, 1))


def test_the_page_offers_the_providers_by_whom_they_are_for(signing_in: Trial, words: Words) -> None:
    said = words(Pages().get("/sign-in/"))
    for text in (
        "個人の方",
        "事業者の方",
        "行政機関の職員の方",
        "検証用ID（resident-app）でサインイン",
        "葛飾区",
    ):
        assert text in said, text


def test_what_is_sent_to_the_provider(signing_in: Trial) -> None:
    address = urlsplit(begin(Client(), "resident-app"))
    said = {name: values[0] for name, values in parse_qs(address.query).items()}
    assert f"{address.scheme}://{address.netloc}" == signing_in["resident-app"].issuer
    assert said["response_type"] == "code" and said["code_challenge_method"] == "S256"
    assert len(said["code_challenge"]) == 43 and len(said["nonce"]) == 43 and len(said["state"]) == 43
    assert said["redirect_uri"] == f"{SITE}/sign-in/with/resident-app/done/"
    assert "prompt" not in said


def test_a_person_comes_in_and_is_the_same_the_next_time(signing_in: Trial) -> None:
    from kiban.access.models import Identity, User

    pages = Pages()
    assert "見本 一郎" in come_back(pages, "resident-app", "ichiro/見本 一郎", next="/my/notices/")
    assert pages.url == "/my/notices/"
    come_back(Pages(), "resident-app", "ichiro/見本 一郎")
    assert User.objects.filter(kind="party").count() == 1
    user = User.objects.get(kind="party")
    assert user.party and user.display_name == "見本 一郎" and not user.has_usable_password()
    row = Identity.objects.get()
    assert (row.issuer, row.subject) == (signing_in["resident-app"].issuer, "ichiro/見本 一郎")


def test_the_same_subject_of_another_provider_is_somebody_else(signing_in: Trial) -> None:
    from kiban.access.models import User

    come_back(Pages(), "resident-app", "ichiro")
    come_back(Pages(), "business-id", "ichiro")
    assert User.objects.filter(kind="party").count() == 2


def test_it_never_leads_to_another_site(signing_in: Trial) -> None:
    pages = Pages()
    come_back(pages, "resident-app", "ichiro", next="https://elsewhere.example/")
    assert pages.url == "/my/"


def test_the_session_is_a_new_one(signing_in: Trial) -> None:
    pages = Pages()
    address = begin(pages.client, "resident-app")
    before = pages.client.cookies["kiban_session"].value
    pages.get(path_of(Person().answer(address, "ichiro", SITE)))
    assert pages.client.cookies["kiban_session"].value != before
    stranger = Pages()
    stranger.client.cookies["kiban_session"] = before
    stranger.get("/my/")
    assert stranger.url == "/sign-in/"


def test_what_was_typed_goes_along_and_is_sealed_meanwhile(signing_in: Trial, words: Words) -> None:
    from django.contrib.sessions.models import Session

    pages = Pages()
    typed = '{"to": "/my/notices/settings/", "fields": [["email", "hanako@example.jp"]], "files": []}'
    address = begin(pages.client, "resident-app", kept=typed)
    stored = " ".join(str(row.get_decoded()) for row in Session.objects.all())
    assert "nonce" in stored and "hanako@example.jp" not in stored
    said = pages.get(path_of(Person().answer(address, "ichiro", SITE)))
    assert "hanako@example.jp" in said and 'action="/my/notices/settings/"' in said


def test_staff_get_what_their_body_has_granted(signing_in: Trial) -> None:
    from kiban.access.models import Identity

    _entered("hanako", BODY)
    pages = Pages()
    assert "見本 花子" in come_back(pages, "city-staff", "hanako")
    assert pages.url.startswith("/desk/")
    assert Identity.objects.get().user.username == "hanako"


def test_staff_whom_nobody_has_entered_are_told_what_to_do(signing_in: Trial, words: Words) -> None:
    from kiban.access.models import User

    said = words(come_back(Pages(), "city-staff", "taro", 403))
    assert "まだ登録されていません" in said and "taro" in said and "管理者" in said
    assert not User.objects.filter(username="taro").exists()


@pytest.mark.parametrize("bodies", [[], ["131105"], [BODY, "131105"], [BODY, "mlit"]])
def test_a_body_speaks_for_its_own_people_only(signing_in: Trial, bodies: list[str]) -> None:
    _entered("hanako", *bodies)
    come_back(Pages(), "city-staff", "hanako", 403)


def test_who_has_a_password_is_not_taken_over_by_a_claim(signing_in: Trial) -> None:
    from kiban.access.models import User

    _entered("hanako", BODY)
    user = User.objects.get(username="hanako")
    user.set_password("correct horse battery")
    user.save()
    come_back(Pages(), "city-staff", "hanako", 403)


def test_a_name_given_to_somebody_else_opens_nothing(signing_in: Trial) -> None:
    """The account is linked by issuer and subject: the claim counts once."""
    _entered("hanako", BODY)
    come_back(Pages(), "city-staff", "hanako/見本 花子")
    come_back(Pages(), "city-staff", "hanako/別人 花子", 403)


def test_a_one_time_link_links_an_account_of_the_body(signing_in: Trial, words: Words) -> None:
    from kiban.access import passwords
    from kiban.access.models import User

    _entered("hanako", BODY, "131105")
    user = User.objects.get(username="hanako")
    path = path_of(passwords.link(user)).rstrip("?")
    pages = Pages()
    assert "所属団体のアカウントで" in words(pages.get(path))
    token = path.rstrip("/").split("/")[-1]
    said = come_back(pages, "city-staff", "h-kenmoku", user=str(user.id), token=token)
    assert "見本 花子" in said
    Pages().get(path, 404)
    come_back(Pages(), "city-staff", "h-kenmoku")
    come_back(Pages(), "city-staff", "another", 403, user=str(user.id), token=token)


def test_who_was_disabled_does_not_come_in(signing_in: Trial, words: Words) -> None:
    from kiban.access.models import User

    come_back(Pages(), "resident-app", "ichiro")
    User.objects.update(is_active=False)
    assert "利用が停止されています" in words(come_back(Pages(), "resident-app", "ichiro", 403))


def test_going_back_is_no_error(signing_in: Trial, words: Words) -> None:
    pages = Pages()
    state = parse_qs(urlsplit(begin(pages.client, "resident-app", next="/my/")).query)["state"][0]
    issuer = signing_in["resident-app"].issuer
    said = pages.get(f"/sign-in/with/resident-app/done/?error=access_denied&state={state}&iss={issuer}")
    assert "サインインしませんでした" in words(said) and 'name="next" value="/my/"' in said


def test_signing_out_goes_on_to_the_provider(signing_in: Trial) -> None:
    pages = Pages()
    come_back(pages, "resident-app", "ichiro")
    said = pages.post("/sign-out/", {})
    assert f"{signing_in['resident-app'].issuer}/session/end?id_token_hint=" in said
    pages.get("/my/")
    assert pages.url == "/sign-in/"


def test_an_unknown_provider_and_a_get_are_refused(signing_in: Trial) -> None:
    Pages().post("/sign-in/with/nobody/", {}, 404)
    Pages().get("/sign-in/with/nobody/done/", 404)
    Pages().get("/sign-in/with/resident-app/", 405)


def test_what_was_typed_survives_a_provider_that_is_down(signing_in: Trial, words: Words) -> None:
    from kiban.access.identity import remote

    signing_in["resident-app"].faults(down=True)
    remote._endpoints.clear()
    typed = '{"to": "/my/notices/settings/", "fields": [["email", "hanako@example.jp"]], "files": []}'
    said = Pages().post("/sign-in/with/resident-app/", {"kept": typed, "next": "/my/"}, 503)
    assert "応答がありません" in words(said) and "hanako@example.jp" in said


def _proof(pages: Pages) -> int:
    return int(pages.client.session["kiban_proved"])


def test_the_provider_asks_again_and_the_same_person_must_answer(signing_in: Trial, words: Words) -> None:
    pages, person = Pages(), Person()
    pages.get(path_of(person.answer(begin(pages.client, "resident-app"), "ichiro", SITE)))
    session = pages.client.session
    session["kiban_proved"] -= 3600
    session.save()
    asked = words(pages.get("/sign-in/again/?next=/my/notices/"))
    assert "検証用ID（resident-app）で確認" in asked
    old = _proof(pages)
    address = begin(pages.client, "resident-app", again="1", next="/my/notices/")
    said = parse_qs(urlsplit(address).query)
    assert (said["prompt"], said["max_age"]) == (["login"], ["0"])
    refused = pages.get(path_of(Person().answer(address, "jiro", SITE)), 403)
    assert (
        "別のアカウントです" in words(refused)
        and 'name="again" value="1"' in refused
        and _proof(pages) == old
    )
    pages.get(
        path_of(
            person.answer(begin(pages.client, "resident-app", again="1", next="/my/notices/"), "ichiro", SITE)
        )
    )
    assert pages.url == "/my/notices/" and _proof(pages) > old


@pytest.mark.parametrize("auth_time", [None, 1_700_000_000])
def test_a_provider_that_did_not_ask_again_proves_nothing(signing_in: Trial, auth_time: int | None) -> None:
    pages = Pages()
    come_back(pages, "resident-app", "ichiro")
    fault = {"drop": ["auth_time"]} if auth_time is None else {"claims": {"auth_time": auth_time}}
    signing_in["resident-app"].faults(**fault)
    come_back(pages, "resident-app", "ichiro", 403, again="1")
