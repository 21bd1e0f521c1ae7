"""The two services published, users with roles and tokens, and a client that speaks JSON."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from kiban.access.models import User
    from kiban.ops.testing import TestDatabase

REPO = Path(__file__).resolve().parents[2]
FIXTURE = REPO / "tests" / "services" / "house-subsidy"
FIRST = REPO / "services" / "temporary-plate"
BODY = "131229"
TODAY = "2026-10-02"


class Client:
    """Calls of one caller. Answers are Django's, with `.data` for their JSON."""

    def __init__(self, user: User | None, token: str = "", language: str = "ja") -> None:
        from django.test import Client as Plain

        self.user, self.token, self.language = user, token, language
        self._plain = Plain(raise_request_exception=False)

    def _headers(self, more: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"Accept-Language": self.language, **(more or {})}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return headers

    def get(self, path: str, **headers: str) -> Any:
        return self._answered(self._plain.get(f"/api/v1{path}", headers=self._headers(headers)))

    def post(self, path: str, body: object = None, *, key: str | None = "", **headers: str) -> Any:
        """`body` is a JSON value or raw bytes; `key` None sends no Idempotency-Key, "" a new one."""
        if key is not None:
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        raw = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        made = self._plain.post(
            f"/api/v1{path}", raw, content_type=headers.pop("Content-Type", "application/json"),
            headers=self._headers(headers),
        )  # fmt: skip
        return self._answered(made)

    def upload(self, path: str, name: str, content: bytes) -> Any:
        from django.core.files.uploadedfile import SimpleUploadedFile

        found = self._plain.post(
            f"/api/v1{path}", {"file": SimpleUploadedFile(name, content)}, headers=self._headers(None)
        )
        return self._answered(found)

    def raw(self, method: str, path: str, **more: Any) -> Any:
        return self._answered(self._plain.generic(method, path, headers=self._headers(None), **more))

    @staticmethod
    def _answered(found: Any) -> Any:
        import orjson

        kind = found.headers.get("Content-Type", "")
        found.data = orjson.loads(found.content) if "json" in kind and found.content else None
        return found


@pytest.fixture
def published(database: TestDatabase) -> Iterator[None]:
    """Both services in force, and the clock on a Friday."""
    from kiban.definitions.publish import publish_folder
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment(f"{TODAY}T10:00"))
    publish_folder(FIXTURE)
    publish_folder(FIRST)
    yield
    clock.set_clock(None)


@pytest.fixture
def person(published: None) -> Callable[..., Client]:
    """`person("clerk", service=…, body=…)` is staff with roles; `person()` is a resident."""
    from kiban.access import actors
    from kiban.access.models import User

    def make(*roles: str, service: str = "house-subsidy", body: str = BODY, name: str = "") -> Client:
        kind = "staff" if roles else "party"
        user = User.objects.create_user(
            username=f"{name or kind}-{uuid.uuid4().hex[:8]}", display_name=name or "見本 花子", kind=kind,
            party=None if roles else uuid.uuid4(),
        )  # fmt: skip
        for role in roles:
            actors.grant(user, body, service, role, date(2026, 4, 1), "住宅課")
        return Client(user, actors.new_token(user))

    return make


@pytest.fixture
def anybody(published: None) -> Client:
    """A caller without a token."""
    return Client(None)
