"""A real identity provider in a process of its own, and an installation that signs in with it."""

from __future__ import annotations

import json
import re
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit

import pytest

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django.fixtures import SettingsWrapper

    from kiban.ops.testing import TestDatabase

HERE = Path(__file__).resolve().parent
SECRET = "an-invented-secret-of-more-than-32-characters"
BODY = "131229"
SITE = "http://localhost:8000"  # what BASE_URL says in tests without a browser
KINDS = {"resident-app": "person", "business-id": "business", "city-staff": "staff"}


class Faulty:
    """The provider: its issuer, and what it shall do wrong from now on."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer

    def faults(self, **wrong: Any) -> None:
        said = urllib.request.Request(f"{self.issuer}/faults", json.dumps(wrong).encode(), method="POST")
        urllib.request.urlopen(said, timeout=5).close()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at one by one."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Person:
    """Somebody with a browser at the provider: signs in there and comes back with the address of the answer."""

    def __init__(self) -> None:
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()), _Stay())

    def answer(self, address: str, login: str, site: str) -> str:
        """Follows the provider's pages until it sends back to `site`; the address with its parameters."""
        form: bytes | None = None
        for _ in range(12):
            try:
                with self._opener.open(urllib.request.Request(address, form), timeout=10) as page:
                    found = re.search(r'<form[^>]*action="([^"]+)"', page.read().decode())
                    assert found, page.url
                    address = urljoin(address, found[1])
                    form = urlencode({"login": login, "password": "x"}).encode()
            except HTTPError as moved:
                assert moved.code in (302, 303), (address, moved.code, moved.read()[:600])
                address, form = urljoin(address, moved.headers["Location"]), None
                if address.startswith(site):
                    return address
        raise AssertionError(f"never sent back: {address}")


def start_provider(clients: list[dict[str, Any]]) -> tuple[subprocess.Popen[str], Faulty]:
    process = subprocess.Popen(
        ["node", str(HERE / "provider.mjs"), json.dumps(clients)], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, Faulty(json.loads(process.stdout.readline())["issuer"])


def client(name: str, site: str, **more: Any) -> dict[str, Any]:
    """What the provider knows of us."""
    return {
        "client_id": f"kiban-{name}", "client_secret": SECRET,
        "redirect_uris": [f"{site}/sign-in/with/{name}/done/"], "post_logout_redirect_uris": [f"{site}/"], **more,
    }  # fmt: skip


def row(name: str, issuer: str, **more: Any) -> str:
    """What we know of the provider, as it stands in the file."""
    said = {
        "name": name, "kind": KINDS[name], "label": {"ja": f"検証用ID（{name}）", "en": f"Trial ID ({name})"},
        "issuer": issuer, "client_id": f"kiban-{name}", "scopes": ["openid", "profile"],
        "secret": "trial_provider", **more,
    }  # fmt: skip
    if KINDS[name] == "staff":
        said |= {"body": BODY, "username_claim": "preferred_username"}
    return json.dumps(said, ensure_ascii=False)


@pytest.fixture(scope="session")
def trial() -> Iterator[dict[str, Faulty]]:
    """Three providers, by the names under which they are configured."""
    started = {name: start_provider([client(name, SITE)]) for name in KINDS}
    yield {name: found for name, (_, found) in started.items()}
    for process, _ in started.values():
        process.terminate()
        process.wait(timeout=10)


Configure = Callable[..., None]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Configure]:
    """`configure(line, …)` writes the file of providers; each line is one, as JSON (which is YAML)."""
    from kiban.access.identity import providers, remote

    def write(*lines: str) -> None:
        path = tmp_path / "providers.yaml"
        path.write_text("providers:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
        monkeypatch.setenv("KIBAN_IDENTITY_PROVIDERS", str(path))
        monkeypatch.setenv("KIBAN_SECRET_TRIAL_PROVIDER", SECRET)
        providers._read.cache_clear()
        remote._keys.clear()

    yield write
    providers._read.cache_clear()


@pytest.fixture
def signing_in(
    trial: dict[str, Faulty],
    configure: Configure,
    settings: SettingsWrapper,
    database: TestDatabase,
    translated: None,
) -> Iterator[dict[str, Faulty]]:
    """An installation that is no demonstration, connected to all three; none has a fault."""
    settings.MODE, settings.BASE_URL = "production", SITE
    configure(*(row(name, found.issuer) for name, found in trial.items()))
    yield trial
    for found in trial.values():
        found.faults()


def begin(browser: Client, name: str, **fields: str) -> str:
    """Presses the button of a provider; the address to which the page leads on."""
    page = browser.post(f"/sign-in/with/{name}/", fields)
    assert page.status_code == 200, page.content.decode()
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', page.content.decode())
    assert found
    return found[1].replace("&amp;", "&")


def path_of(address: str) -> str:
    """Path and parameters of an address, for the test client."""
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}"
