"""Signing in with a password: for staff, where no identity provider is connected.

Passwords are hashed with Argon2id. After LIMIT failures in a quarter of an hour a name is locked until the quarter
is over, and likewise an address after ADDRESS_LIMIT: the lock ends by itself. Names that nobody has are counted and
take as long as others, so that nobody learns who is here. A sign-in link sets a password: it holds for a day, once.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import connection
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from kiban.access.models import SignInFailures, User
from kiban.ops.home import secret

LIMIT, ADDRESS_LIMIT = 5, 50
WINDOW = timedelta(minutes=15)
_tokens = PasswordResetTokenGenerator()
_COUNT = """
    INSERT INTO access_signinfailures AS f (key, count, until) VALUES (%s, 1, %s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN f.until <= %s THEN 1 ELSE f.count + 1 END,
        until = CASE WHEN f.until <= %s THEN EXCLUDED.until ELSE f.until END
    RETURNING count, until
"""


@dataclass(frozen=True)
class Locked:
    """Too many failures: nothing is tried before `until`."""

    until: datetime


def sign_in(request: HttpRequest, username: str, password: str) -> User | Locked | None:
    """The user whose name and password these are; None when they are not; Locked after too many failures.

    An attempt is counted before the password is looked at: many at the same moment win nothing.
    """
    now = timezone.now()
    name, address = _key("name", username.strip().casefold()), _key("address", _address(request))
    for key, limit in ((name, LIMIT), (address, ADDRESS_LIMIT)):
        count, until = _count(key, now)
        if count > limit:
            return Locked(until)
    user = authenticate(request, username=username.strip(), password=password)
    if not isinstance(user, User):
        return None
    SignInFailures.objects.filter(key=name).delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE access_signinfailures SET count = greatest(count - 1, 0) WHERE key = %s", [address]
        )
    return user


def unlock(username: str) -> bool:
    """Forgets the failures of a name; whether there were any."""
    return bool(SignInFailures.objects.filter(key=_key("name", username.strip().casefold())).delete()[0])


def forget_old(now: datetime) -> int:
    """Deletes what no longer locks anybody."""
    return SignInFailures.objects.filter(until__lt=now).delete()[0]


def link(user: User) -> str:
    """A link with which the user sets a password and signs in: for a day, once, until another sign-in."""
    token = _tokens.make_token(user)
    path = reverse("sign-in-link", args=[user.id, quote(token)])
    return f"{settings.BASE_URL}{path}"


def user_of_link(user_id: UUID, token: str) -> User | None:
    """The active user of a link that still holds."""
    user = User.objects.filter(id=user_id, is_active=True).first()
    return user if user is not None and _tokens.check_token(user, token) else None


def _count(key: bytes, now: datetime) -> tuple[int, datetime]:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [key, now + WINDOW, now, now])
        count, until = cursor.fetchone()
    return count, until


def _key(kind: str, text: str) -> bytes:
    """Keyed, because names and addresses are few enough to be guessed from a plain digest."""
    said = f"{kind} {text}".encode("utf-8", "replace")
    return hmac.new(secret("sign_in").encode(), said, hashlib.sha256).digest()


def _address(request: HttpRequest) -> str:
    """The client's address; of IPv6 the network, since one client has many addresses."""
    address = request.META.get("REMOTE_ADDR", "")
    return ":".join(address.split(":")[:4]) if ":" in address else address
