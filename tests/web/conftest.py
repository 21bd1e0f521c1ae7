"""The services published, a set day, people who are signed in, and a client that reads pages."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from django.http import HttpResponse

    from kiban.access.models import User
    from kiban.ops.testing import TestDatabase

REPO = Path(__file__).resolve().parents[2]
FIXTURE = REPO / "tests" / "services" / "house-subsidy"
FIRST = REPO / "services" / "temporary-plate"
BODY = "131229"  # 葛飾区
TODAY = "2026-10-02"


class Pages:
    """A browser without scripts: keeps cookies, follows redirects, fills forms as they stand on the page."""

    def __init__(self, user: User | None = None, language: str = "ja") -> None:
        from django.test import Client

        self.client = Client(raise_request_exception=True, headers={"Accept-Language": language})
        self.user = user
        if user is not None:
            self.client.force_login(user)

    def get(self, url: str, status: int = 200, **headers: str) -> str:
        return self._text(self.client.get(url, follow=True, headers=headers), status)

    def post(self, url: str, data: dict[str, Any], status: int = 200, **headers: str) -> str:
        return self._text(self.client.post(url, data, follow=True, headers=headers), status)

    def _text(self, answer: HttpResponse, status: int) -> str:
        self.answer = answer
        assert answer.status_code == status, (answer.status_code, _words(answer.content.decode())[:2000])
        return answer.content.decode()

    @property
    def url(self) -> str:
        """Where the last answer came from, after redirects."""
        return self.answer.request["PATH_INFO"]

    def fill(
        self, page: str, url: str | None = None, *, do: str = "next", status: int = 200, **values: Any
    ) -> str:
        """Posts the form of a page with fields changed: `name=value` stands for the input `f.name`."""
        data = form_of(page)
        for name, value in values.items():
            key = name if name in ("do", "take", "tried", "seq", "key") else f"f.{name.replace('__', '.')}"
            data[key] = value
        data["do"] = do
        return self.post(url or self.url, data, status)


def form_of(page: str) -> dict[str, Any]:
    """What a browser would send for the largest form of a page's content (without its buttons)."""
    forms = re.findall(r"<form\b[^>]*method=\"post\"[^>]*>(.*?)</form>", page.split("<main")[-1], re.S)
    form = max(forms, key=len)
    data: dict[str, list[str]] = {}
    for tag in re.finditer(r"<input\b[^>]*>", form):
        attributes = _attributes(tag[0])
        kind = attributes.get("type", "text")
        if "name" not in attributes or kind in ("submit", "file"):
            continue
        if kind in ("radio", "checkbox") and not re.search(r"\schecked\b", tag[0]):
            continue
        data.setdefault(attributes["name"], []).append(attributes.get("value", ""))
    for tag in re.finditer(r"<textarea\b([^>]*)>\n?(.*?)</textarea>", form, re.S):
        data.setdefault(_attributes(tag[1])["name"], []).append(html.unescape(tag[2]))
    for tag in re.finditer(r"<select\b([^>]*)>(.*?)</select>", form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', tag[2])
        data.setdefault(_attributes(tag[1])["name"], []).append(chosen[1] if chosen else "")
    return {name: values if len(values) > 1 else values[0] for name, values in data.items()}


def _attributes(tag: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in re.findall(r'([a-z-]+)="([^"]*)"', tag)}


def _words(page: str) -> str:
    return re.sub(r"[ \t\n]+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


@pytest.fixture
def words() -> Callable[[str], str]:
    """The words of a page without its tags."""
    return _words


@pytest.fixture(scope="session")
def translated() -> None:
    """The Japanese of the program, compiled."""
    from django.utils.translation import trans_real

    from kiban.ops.assets import compile_translations

    compile_translations()
    trans_real._translations.clear()  # what was read before is read again
    trans_real._default = None


@pytest.fixture(scope="session")
def printed() -> None:
    """The fonts of documents, installed (quick when they are there)."""
    from kiban.documents import fonts

    fonts.install()


@pytest.fixture
def published(database: TestDatabase, translated: None) -> Iterator[None]:
    """Both services in force, and the clock on a Friday morning."""
    from kiban.definitions.publish import publish_folder
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment(f"{TODAY}T10:00"))
    publish_folder(FIXTURE)
    publish_folder(FIRST)
    yield
    clock.set_clock(None)


@pytest.fixture
def person(published: None) -> Callable[..., Pages]:
    """`person("clerk", service=…)` is staff with these roles; `person()` is a resident."""
    from kiban.access import actors
    from kiban.access.models import User

    def make(
        *roles: str, service: str = "temporary-plate", body: str = BODY, name: str = "", language: str = "ja"
    ) -> Pages:
        kind = "staff" if roles else "party"
        user = User.objects.create_user(
            username=f"{kind}-{uuid.uuid4().hex[:8]}", display_name=name or "見本 花子", kind=kind,
            party=None if roles else uuid.uuid4(),
        )  # fmt: skip
        for role in roles:
            actors.grant(user, body, service, role, date(2026, 4, 1), "市民課")
        return Pages(user, language)

    return make


@pytest.fixture
def anybody(published: None) -> Pages:
    """A visitor who is not signed in."""
    return Pages()
