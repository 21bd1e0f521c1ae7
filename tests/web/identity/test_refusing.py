"""What an identity provider's answer may not be: each fault alone is refused, and nobody is signed in."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.web.conftest import Pages
from tests.web.identity.conftest import KINDS, SITE, Configure, Faulty, Person, begin, path_of, row

Trial = dict[str, Faulty]
NAME = "resident-app"
# The fault → the check that refuses it, as the log calls it.
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "iss": ("iss", {"claims": {"iss": "https://elsewhere.example"}}),
    "aud": ("aud", {"claims": {"aud": "somebody-else"}}),
    "aud of several without azp": ("azp", {"claims": {"aud": [f"kiban-{NAME}", "somebody-else"]}}),
    "azp": ("azp", {"claims": {"azp": "somebody-else"}}),
    "nonce": ("nonce", {"claims": {"nonce": "another"}}),
    "nonce that is a list": ("nonce", {"claims": {"nonce": ["another"]}}),
    "no nonce": ("nonce", {"drop": ["nonce"]}),
    "expired": ("exp", {"claims": {"exp": int(time.time()) - 120}}),
    "no exp": ("exp", {"drop": ["exp"]}),
    "from the future": ("iat", {"claims": {"iat": int(time.time()) + 3600}}),
    "no iat": ("iat", {"drop": ["iat"]}),
    "no sub": ("sub", {"drop": ["sub"]}),
    "empty sub": ("sub", {"claims": {"sub": ""}}),
    "sub with a control character": ("sub", {"claims": {"sub": "a\x00b"}}),
    "sub that is no text": ("sub", {"claims": {"sub": 7}}),
    "signature": ("signature", {"key": "other"}),
    "no signature": ("signature", {"alg": "none"}),
    "signed with the client's secret": ("signature", {"alg": "HS256"}),
}


def _nobody(pages: Pages) -> None:
    from kiban.access.models import Identity, User

    assert not User.objects.filter(kind="party").exists() and not Identity.objects.exists()
    pages.get("/my/")
    assert pages.url == "/sign-in/"


@pytest.mark.parametrize(("why", "fault"), FAULTS.values(), ids=list(FAULTS))
def test_a_token_with_a_fault(
    signing_in: Trial,
    words: Callable[[str], str],
    caplog: pytest.LogCaptureFixture,
    why: str,
    fault: dict[str, Any],
) -> None:
    signing_in[NAME].faults(**fault)
    pages = Pages()
    answer = Person().answer(begin(pages.client, NAME), "ichiro", SITE)
    said = words(pages.get(path_of(answer), 403))
    assert "サインインを確認できませんでした" in said
    assert [one.why for one in caplog.records if one.name == "kiban.identity"] == [why]
    _nobody(pages)


def test_the_faults_are_what_is_refused(signing_in: Trial) -> None:
    """The same way without a fault, re-signed by the provider's own key, comes in."""
    signing_in[NAME].faults(claims={"extra": "1"})
    pages = Pages()
    pages.get(path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE)))
    assert pages.url == "/my/"


def test_new_keys_are_fetched_once_the_old_ones_do_not_fit(
    signing_in: Trial, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiban.access.identity import remote

    pages = Pages()
    pages.get(path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE)))
    signing_in[NAME].faults(key="next")
    refused = Pages()
    refused.get(path_of(Person().answer(begin(refused.client, NAME), "ichiro", SITE)), 403)
    monkeypatch.setattr(remote, "_AGAIN", 0)
    later = Pages()
    later.get(path_of(Person().answer(begin(later.client, NAME), "ichiro", SITE)))
    assert later.url == "/my/"


def test_an_answer_holds_once(signing_in: Trial, words: Callable[[str], str]) -> None:
    pages = Pages()
    answer = path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE))
    pages.get(answer)
    pages.post("/sign-out/", {})
    assert "このサインインは終わっています" in words(pages.get(answer, 400))
    pages.get("/my/")
    assert pages.url == "/sign-in/"


def test_a_code_is_of_no_use_in_another_attempt(signing_in: Trial) -> None:
    """PKCE and nonce bind a code to the attempt that it was given for, also with a state that holds."""
    from kiban.access.models import User

    stolen = parse_qs(urlsplit(Person().answer(begin(Pages().client, NAME), "victim", SITE)).query)
    pages = Pages()
    own = parse_qs(urlsplit(begin(pages.client, NAME)).query)["state"][0]
    issuer = signing_in[NAME].issuer
    pages.get(f"/sign-in/with/{NAME}/done/?state={own}&code={stolen['code'][0]}&iss={issuer}", 400)
    assert not User.objects.filter(kind="party").exists()


def test_somebody_elses_answer_signs_nobody_in(signing_in: Trial) -> None:
    answer = path_of(Person().answer(begin(Pages().client, NAME), "attacker", SITE))
    pages = Pages()
    begin(pages.client, NAME)
    pages.get(answer, 400)
    pages.get("/my/")
    assert pages.url == "/sign-in/"


def test_an_answer_of_another_provider_or_for_another_is_refused(signing_in: Trial) -> None:
    pages = Pages()
    answer = path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE))
    Pages().get(answer.replace(NAME, "business-id"), 400)
    pages.get(answer.replace(NAME, "business-id"), 400)
    again = path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE))
    pages.get(again.replace("iss=", "iss=x"), 403)
    without = path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE))
    pages.get(without.split("&iss=")[0], 403)
    _nobody(pages)


def test_an_answer_that_comes_too_late(signing_in: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    from kiban.access.identity import openid

    pages = Pages()
    answer = path_of(Person().answer(begin(pages.client, NAME), "ichiro", SITE))
    monkeypatch.setattr(openid, "AT_MOST", -1)
    pages.get(answer, 400)
    _nobody(pages)


@pytest.mark.parametrize(
    "query",
    ["", "?state=", "?state=%00&code=x", "?state=あ&code=x", "?error=server_error", "?code[]=1&state[]=2"],
)
def test_what_nobody_has_begun(signing_in: Trial, query: str) -> None:
    Pages().get(f"/sign-in/with/{NAME}/done/{query}", 400)


def test_a_provider_that_calls_itself_otherwise(signing_in: Trial, configure: Configure) -> None:
    from kiban.access.identity import remote

    remote._endpoints.clear()
    issuer = signing_in[NAME].issuer.replace("localhost", "127.0.0.1")
    configure(row(NAME, issuer))
    Pages().post(f"/sign-in/with/{NAME}/", {}, 503)


def test_a_client_that_the_provider_does_not_know(
    signing_in: Trial, configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KIBAN_SECRET_TRIAL_PROVIDER", "wrong")
    pages = Pages()
    answer = Person().answer(begin(pages.client, NAME), "ichiro", SITE)
    pages.get(path_of(answer), 403)
    _nobody(pages)


def test_the_kinds_are_those_of_the_file(signing_in: Trial) -> None:
    from kiban.access.identity import providers

    assert {one.name: one.kind for one in providers.configured()} == KINDS
