"""The file of identity providers: what it may say, and the ways in which we prove ourselves to a provider."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwk

from tests.web.conftest import Pages
from tests.web.identity.conftest import (
    SECRET,
    SITE,
    Configure,
    Faulty,
    Person,
    begin,
    client,
    path_of,
    row,
    start_provider,
)

Trial = dict[str, Faulty]
ISSUER = "https://login.example.go.jp"


@pytest.mark.parametrize("kind", ["EC", "RSA"])
def test_we_prove_ourselves_by_a_private_key(
    signing_in: Trial, configure: Configure, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    key: Any = jwk.ECKey.generate_key("P-256") if kind == "EC" else jwk.RSAKey.generate_key(2048)
    shown = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig"}
    process, found = start_provider(
        [
            client(
                "resident-app", SITE, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [shown]},
                token_endpoint_auth_signing_alg="ES256" if kind == "EC" else "RS256",
            )
        ]
    )  # fmt: skip
    try:
        configure(row("resident-app", found.issuer, client_auth="private_key_jwt", secret="own_key"))
        monkeypatch.setenv("KIBAN_SECRET_OWN_KEY", key.as_pem(private=True).decode())
        pages = Pages()
        pages.get(path_of(Person().answer(begin(pages.client, "resident-app"), "ichiro", SITE)))
        assert pages.url == "/my/"
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_the_secret_in_the_form_and_the_claims_of_userinfo(signing_in: Trial, configure: Configure) -> None:
    """The id_token of this provider says no name; its userinfo does."""
    process, found = start_provider(
        [client("resident-app", SITE, token_endpoint_auth_method="client_secret_post")]
    )
    try:
        found.faults(drop=["name"])
        configure(row("resident-app", found.issuer, client_auth="client_secret_post"))
        pages = Pages()
        said = pages.get(
            path_of(Person().answer(begin(pages.client, "resident-app"), "ichiro/見本 一郎", SITE))
        )
        assert "見本 一郎" not in said and "検証用ID（resident-app）" in said
        configure(row("resident-app", found.issuer, client_auth="client_secret_post", userinfo=True))
        again = Pages()
        said = again.get(
            path_of(Person().answer(begin(again.client, "resident-app"), "ichiro/見本 一郎", SITE))
        )
        assert "見本 一郎" in said
    finally:
        process.terminate()
        process.wait(timeout=10)


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no https": ({"issuer": "http://login.example.go.jp"}, "must begin with https"),
    "a word that is not known": ({"colour": "red"}, "colour"),
    "an algorithm without a signature": ({"algorithms": ["none"]}, "algorithms"),
    "a shared secret as a signature": ({"algorithms": ["HS256"]}, "algorithms"),
    "no algorithm": ({"algorithms": []}, "algorithms"),
    "staff of no body": ({"kind": "staff"}, "body is given"),
    "a person of a body": ({"body": "131229"}, "body is given"),
    "a claim that gives names to residents": ({"username_claim": "sub"}, "username_claim"),
    "no openid": ({"scopes": ["profile"]}, "openid"),
    "a parameter of the flow": ({"parameters": {"nonce": "1"}}, "nonce"),
    "a name that is no address": ({"name": "Mein Anbieter"}, "name"),
}


@pytest.mark.parametrize(("more", "said"), WRONG.values(), ids=list(WRONG))
def test_a_file_that_says_something_wrong(configure: Configure, more: dict[str, Any], said: str) -> None:
    from kiban.access.identity import providers
    from kiban.ops.config import ConfigurationError

    right = json.loads(row("resident-app", ISSUER))
    configure(json.dumps(right))
    assert providers.provider("resident-app").issuer == ISSUER
    configure(json.dumps({**right, **more}))
    with pytest.raises(ConfigurationError, match="provider 1") as refused:
        providers.configured()
    assert said in str(refused.value)


def test_two_of_a_name_and_a_secret_that_is_missing(
    configure: Configure, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kiban.access.identity import providers
    from kiban.ops.config import ConfigurationError

    configure(row("resident-app", ISSUER), row("resident-app", ISSUER + "/2"))
    with pytest.raises(ConfigurationError, match="twice"):
        providers.configured()
    configure(row("resident-app", ISSUER))
    providers.check()
    monkeypatch.delenv("KIBAN_SECRET_TRIAL_PROVIDER")
    with pytest.raises(ConfigurationError, match="KIBAN_SECRET_TRIAL_PROVIDER"):
        providers.check()


def test_a_secret_in_the_file_is_not_repeated(configure: Configure) -> None:
    from kiban.access.identity import providers
    from kiban.ops.config import ConfigurationError

    configure(row("resident-app", ISSUER, secret=f"{SECRET}!"))
    with pytest.raises(ConfigurationError) as refused:
        providers.configured()
    assert SECRET not in str(refused.value)


def test_no_file_is_no_provider(monkeypatch: pytest.MonkeyPatch, database: object, translated: None) -> None:
    monkeypatch.delenv("KIBAN_IDENTITY_PROVIDERS", raising=False)
    from kiban.access.identity import providers

    assert providers.configured() == ()
    assert "/sign-in/with/" not in Pages().get("/sign-in/")
