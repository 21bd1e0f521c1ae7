"""Who may call: tokens, sessions with CSRF, and how often."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.test_acting import BODY, GRANT, OPEN


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer x", "Basic eDp5", "bearer " + "x" * 300, "Bearer あ"]
)
def test_without_a_valid_token_nothing(anybody: Any, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = anybody.get("/me", **headers)
    assert answer.status_code == 401 and answer.data["code"] == "unauthenticated"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert anybody.post(OPEN, {"data": GRANT}).status_code == 401


def test_a_revoked_or_expired_token_is_refused(person: Callable[..., Any]) -> None:
    from datetime import timedelta

    from kiban.access import actors
    from kiban.access.models import ApiToken
    from kiban.ops import clock

    caller = person()
    assert caller.get("/me").status_code == 200
    ApiToken.objects.filter(user=caller.user).update(revoked_at=clock.now())
    assert caller.get("/me").status_code == 401
    caller.token = actors.new_token(caller.user, expires_at=clock.now() - timedelta(seconds=1))
    assert caller.get("/me").status_code == 401


def test_a_page_may_read_and_needs_csrf_to_act(person: Callable[..., Any]) -> None:
    from django.test import Client

    user = person().user
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    assert browser.get("/api/v1/me").json()["id"] == str(user.id)
    refused = browser.post(f"/api/v1{OPEN}", {"data": {}}, content_type="application/json")
    assert refused.status_code == 403 and refused.json()["code"] == "csrf"


def test_a_token_outranks_a_session(person: Callable[..., Any]) -> None:
    resident, other = person(), person()
    other._plain.force_login(resident.user)
    assert other.get("/me").data["id"] == str(other.user.id)


def test_one_who_calls_too_often_waits(person: Callable[..., Any], settings: Any) -> None:
    settings.KIBAN_API_RATE = 0.001
    caller, other = person(), person()
    assert [caller.get("/me").status_code for _ in range(3)] == [200, 429, 429]
    refused = caller.get("/me")
    assert refused.data["code"] == "too_many_requests" and int(refused.headers["Retry-After"]) >= 1
    assert other.get("/me").status_code == 200


def test_guessing_tokens_costs_and_valid_ones_do_not(
    person: Callable[..., Any], anybody: Any, settings: Any
) -> None:
    """One address: who has a token is not stopped by one who guesses there, and does not use its share up."""
    from kiban.ops.limits import BUCKETS

    BUCKETS.clear()
    settings.KIBAN_ADDRESS_RATE = 0.001
    caller = person()
    assert {caller.get("/me").status_code for _ in range(20)} == {200}
    guesses = [anybody.get("/me", Authorization=f"Bearer guess-{n}").status_code for n in range(6)]
    assert guesses == [401] + [429] * 5
    refused = anybody.get("/services")
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert (refused.data["code"], refused.data["status"]) == ("too_many_requests", 429)
    BUCKETS.clear()


def test_staff_without_a_role_here_may_not_act(person: Callable[..., Any]) -> None:
    answer = person("clerk", body="131105").post(OPEN, {"data": GRANT})
    assert (answer.status_code, answer.data["code"]) == (403, "not_allowed")
    assert person("clerk").post(OPEN.replace(BODY, "000000"), {"data": GRANT}).status_code == 404
