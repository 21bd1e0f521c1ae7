"""What went wrong is told in the looks of the product, in both languages, with a way on."""

from __future__ import annotations

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory

from kiban.ops import limits
from tests.web.conftest import Pages

Words = Callable[[str], str]


@pytest.fixture
def client(published: None) -> Client:
    return Client(raise_request_exception=False, headers={"Accept-Language": "ja"})


def _raising(error: Exception) -> Callable[..., None]:
    def view(*_args: object, **_kwargs: object) -> None:
        raise error

    return view


@pytest.mark.parametrize(
    ("error", "status", "told"),
    [
        (RuntimeError("x"), 500, "処理中に問題が起きました"),
        (OperationalError("the database is gone"), 503, "ただいま混み合っているか、一時的に止まっています"),
    ],
)
def test_a_failure_is_told(client: Client, words: Words, error: Exception, status: int, told: str) -> None:
    with patch("kiban.web.public.catalogue.entries", _raising(error)):
        answer = client.get("/")
    assert answer.status_code == status
    said = words(answer.content.decode())
    assert told in said and "Home" in said
    assert str(error) not in said
    assert answer.headers.get("Retry-After") == ("30" if status == 503 else None)
    assert "site-header" in answer.content.decode()


def test_english_readers_get_english_first(published: None) -> None:
    page = Client(headers={"Accept-Language": "en"}).get("/nothing/").content.decode()
    assert '<html lang="en">' in page
    assert "<h1>The page was not found</h1>" in page
    assert 'lang="ja"' in page


def test_too_often_says_when_to_come_back(published: None, words: Words) -> None:
    answer = limits.too_often(RequestFactory().get("/"), 40)
    assert (answer.status_code, answer["Retry-After"]) == (429, "40")
    assert "短い時間に多くの操作がありました" in words(answer.content.decode())
    problem = limits.too_often(RequestFactory().get("/api/v1/x"), 40)
    assert problem["Content-Type"] == "application/problem+json"


def test_without_static_files_words_alone_are_told(published: None) -> None:
    with patch("kiban.ops.refusals.render_to_string", _raising(ValueError("no manifest"))):
        answer = Client().get("/nothing/")
    assert answer.status_code == 404
    assert "お探しのページは見つかりません" in answer.content.decode()


def test_the_api_is_told_as_a_problem(client: Client) -> None:
    answer = client.get("/api/v1/nothing")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_nothing_of_the_person_stands_on_an_error_page(person: Callable[..., Pages]) -> None:
    assert "見本 花子" not in person().get("/nothing/", 404)
