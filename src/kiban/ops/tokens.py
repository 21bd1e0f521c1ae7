"""Tokens of the API, for `kiban admin`: made and shown once, listed without their text, revoked."""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta
from uuid import UUID

from kiban.ops.config import ConfigurationError

LONGEST_DAYS = 366


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """`token`, `tokens` and `revoke`."""
    make = commands.add_parser("token", help="make a token of the API for somebody; it is shown once")
    make.add_argument("name", help="user name of staff or of a machine")
    make.add_argument("--label", default="", help="what it is for")
    make.add_argument(
        "--days", type=int, default=90, help=f"how long it is valid (1 to {LONGEST_DAYS}; default 90)"
    )
    make.set_defaults(run=make_token)
    listing = commands.add_parser("tokens", help="tokens of the API, without their text")
    listing.set_defaults(run=list_tokens)
    revoke = commands.add_parser("revoke", help="end a token of the API (within half a minute)")
    revoke.add_argument("id", help="as ./kiban admin tokens shows it")
    revoke.set_defaults(run=revoke_token)


def make_token(arguments: argparse.Namespace) -> int:
    """Prints a new token; its digest alone is kept."""
    from django.utils import timezone

    from kiban.access import actors
    from kiban.access.models import User

    user = User.objects.filter(username=arguments.name, kind__in=("staff", "machine")).first()
    if user is None:
        raise ConfigurationError(f"Nobody has the user name {arguments.name!r}: ./kiban admin list")
    if not 1 <= arguments.days <= LONGEST_DAYS:
        raise ConfigurationError(f"--days goes from 1 to {LONGEST_DAYS}.")
    ends = timezone.now() + timedelta(days=arguments.days)
    _say(f"Valid until {ends:%Y-%m-%d}. Keep it as you keep a password; it is not shown again:")
    _say(f"  {actors.new_token(user, arguments.label, ends)}")
    return 0


def list_tokens(_arguments: argparse.Namespace) -> int:
    """One line for each token."""
    from django.utils import timezone

    from kiban.access.models import ApiToken

    for token in ApiToken.objects.select_related("user").order_by("created_at"):
        over = token.expires_at is not None and token.expires_at <= timezone.now()
        state = "revoked" if token.revoked_at else "expired" if over else "valid"
        ends = f"{token.expires_at:%Y-%m-%d}" if token.expires_at else "no end"
        _say(f"{token.id}  {token.user.username:<24} {state:<8} until {ends}  {token.label}")
    return 0


def revoke_token(arguments: argparse.Namespace) -> int:
    """Ends a token; one that has ended stays as it is."""
    from django.utils import timezone

    from kiban.access.models import ApiToken

    try:
        wanted = UUID(arguments.id)
    except ValueError:
        raise ConfigurationError(f"{arguments.id!r} is not the id of a token: ./kiban admin tokens") from None
    if not ApiToken.objects.filter(id=wanted).exists():
        raise ConfigurationError("There is no such token: ./kiban admin tokens")
    ended = ApiToken.objects.filter(id=wanted, revoked_at=None).update(revoked_at=timezone.now())
    _say("The token was revoked." if ended else "The token was revoked before.")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
