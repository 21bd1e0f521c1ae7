"""Tokens of the API from the command line: made once, used, listed without their text, ended."""

from __future__ import annotations

import pytest

from kiban.ops.config import ConfigurationError


@pytest.fixture
def admin(database, capsys):
    from kiban.access.models import User
    from kiban.ops import admin

    User.objects.create_user(username="machine.one", display_name="試験機（架空）", kind="machine")

    def run(*words: str) -> str:
        assert admin.main(list(words)) == 0
        return capsys.readouterr().out

    return run


def test_token_works_until_it_is_revoked(admin, client):
    token = admin("token", "machine.one", "--label", "試験", "--days", "3").split()[-1]
    listed = admin("tokens")
    assert "machine.one" in listed and "valid" in listed and token not in listed

    from django.utils import timezone

    from kiban.access.actors import user_of_token

    found = user_of_token(token, now=timezone.now())
    assert found is not None and found.username == "machine.one"
    identity = listed.split()[0]
    assert "was revoked" in admin("revoke", identity)
    assert user_of_token(token, now=timezone.now()) is None
    assert "before" in admin("revoke", identity)
    assert "revoked" in admin("tokens")


@pytest.mark.parametrize(
    "words",
    [
        ("token", "nobody"),
        ("token", "machine.one", "--days", "0"),
        ("revoke", "x"),
        ("revoke", "01a1fcc9-eab8-742d-a59c-476fe48dcbd2"),
        ("link", "machine.one"),
        ("password", "machine.one"),
    ],
)
def test_what_cannot_be_done_is_said(admin, words):
    with pytest.raises(ConfigurationError):
        admin(*words)
