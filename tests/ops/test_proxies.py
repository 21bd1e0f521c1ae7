"""What a proxy says counts from trusted proxies only; mail and hosts from the environment."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse

from kiban.ops import config, mail, proxies


def _through(peer: str, trusted: str, monkeypatch: pytest.MonkeyPatch, **headers: str) -> HttpRequest:
    from django.conf import settings
    from django.test import RequestFactory

    monkeypatch.setenv("KIBAN_TRUSTED_PROXIES", trusted)
    monkeypatch.setattr(settings, "KIBAN_TRUSTED_PROXIES", proxies.trusted())
    request = RequestFactory().get("/", REMOTE_ADDR=peer, **headers)
    proxies.Proxies(lambda _request: HttpResponse())(request)
    return request


def test_a_stranger_can_invent_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    request = _through(
        "203.0.113.9", "10.0.0.0/8", monkeypatch,
        HTTP_X_FORWARDED_FOR="192.0.2.1", HTTP_X_FORWARDED_PROTO="https", HTTP_X_FORWARDED_HOST="evil.example",
    )  # fmt: skip
    assert request.META["REMOTE_ADDR"] == "203.0.113.9"
    assert not request.is_secure()
    assert "HTTP_X_FORWARDED_HOST" not in request.META


def test_a_trusted_proxy_names_scheme_and_client(monkeypatch: pytest.MonkeyPatch) -> None:
    request = _through(
        "10.1.2.3", "10.0.0.0/8", monkeypatch,
        HTTP_X_FORWARDED_FOR="192.0.2.66, 198.51.100.7, 10.9.9.9", HTTP_X_FORWARDED_PROTO="https",
    )  # fmt: skip
    assert request.META["REMOTE_ADDR"] == "198.51.100.7", "what stands before it may be invented"
    assert request.is_secure()


@pytest.mark.parametrize("said", ["", "unknown", "10.9.9.9", "192.0.2.1, <script>"])
def test_nonsense_leaves_the_proxy_as_the_client(monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    request = _through("10.1.2.3", "10.0.0.0/8", monkeypatch, HTTP_X_FORWARDED_FOR=said)
    assert request.META["REMOTE_ADDR"] == "10.1.2.3"


def test_behind_proxy_means_a_proxy_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBAN_BEHIND_PROXY", "1")
    for peer in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert _through(peer, "", monkeypatch, HTTP_X_FORWARDED_PROTO="https").is_secure()
    assert not _through("192.0.2.1", "", monkeypatch, HTTP_X_FORWARDED_PROTO="https").is_secure()


def test_a_wrong_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIBAN_TRUSTED_PROXIES", "10.0.0.5/8")
    with pytest.raises(config.ConfigurationError, match="KIBAN_TRUSTED_PROXIES"):
        proxies.trusted()


def test_mail_is_one_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIBAN_MAIL_URL", raising=False)
    assert mail.mail().host == ""
    monkeypatch.setenv("KIBAN_MAIL_URL", "smtp://kiban:p%40ss@mail.example:587?tls=starttls")
    monkeypatch.setenv("KIBAN_MAIL_FROM", "kiban@example.lg.jp")
    found = mail.mail()
    assert (found.host, found.port, found.user, found.password) == ("mail.example", 587, "kiban", "p@ss")
    assert found.starttls and not found.tls
    monkeypatch.setenv("KIBAN_MAIL_URL", "smtps://mail.example")
    assert (mail.mail().port, mail.mail().tls) == (465, True)
    for wrong in ("http://mail.example", "smtp://:x", "smtp://host:99999"):
        monkeypatch.setenv("KIBAN_MAIL_URL", wrong)
        with pytest.raises(config.ConfigurationError, match="KIBAN_MAIL_URL="):
            mail.mail()


def test_variables_may_stand_in_a_file(kiban_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kiban_home.mkdir()
    file = kiban_home / "kiban.env"
    for name in ("KIBAN_BASE_URL", "KIBAN_MAIL_FROM"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("KIBAN_BASE_URL")
    file.write_text('# the address\nKIBAN_BASE_URL="https://kiban.example.lg.jp"\nexport KIBAN_MAIL_FROM=y\n')
    config.load_environment()
    import os

    assert os.environ["KIBAN_BASE_URL"] == "https://kiban.example.lg.jp"
    assert os.environ["KIBAN_MAIL_FROM"] == "x", "the environment outranks the file"
    file.write_text("\nPATH=/tmp\n")
    with pytest.raises(config.ConfigurationError, match="line 2"):
        config.load_environment()


def test_hosts_follow_from_the_public_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KIBAN_ALLOWED_HOSTS", raising=False)
    monkeypatch.setenv("KIBAN_MODE", "production")
    assert config.allowed_hosts("https://kiban.example.lg.jp:8443") == ["kiban.example.lg.jp"]
    monkeypatch.setenv("KIBAN_MODE", "demo")
    assert config.allowed_hosts("http://localhost:8000") == ["localhost", "127.0.0.1", "[::1]"]
    monkeypatch.setenv("KIBAN_ALLOWED_HOSTS", "a.example, b.example")
    assert config.allowed_hosts("https://c.example") == ["a.example", "b.example"]
