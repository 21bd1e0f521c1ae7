"""Signing in with a password: for staff, where no identity provider is connected.

Passwords are hashed with Argon2id. Failures are counted per name and address: after LIMIT of them each further one
makes the wait before the next attempt twice as long, from FIRST_WAIT up to LONGEST_WAIT. Likewise for one address
over all names (ADDRESS_LIMIT), and for one name over all addresses (NAME_LIMIT). Waits end by themselves. A device on
which a person has signed in before carries a signed cookie and is counted for itself alone: who tries names from
elsewhere, or from behind the same address, does not lock those people out. Names that nobody has are counted and take
as long as others, so that nobody learns who is here. A sign-in link sets a password: it holds for a day, once.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import UUID

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core import signing
from django.db import connection
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from kiban.access.models import SignInFailures, User
from kiban.ops.home import secret
from kiban.ops.limits import client

LIMIT, ADDRESS_LIMIT, NAME_LIMIT = 5, 50, 100
FIRST_WAIT, LONGEST_WAIT = timedelta(seconds=15), timedelta(minutes=15)
WINDOW = timedelta(minutes=15)  # beyond the wait: who stays away so long begins anew
DEVICE, _DEVICE_DAYS = "kiban_device", timedelta(days=180)
_devices = signing.TimestampSigner(salt="kiban.access.passwords.device")
_tokens = PasswordResetTokenGenerator()
# Counts an attempt unless it comes before its time (then there is no row). `%(free)s` attempts cost no wait; their
# `wait_until` lies far behind, since of two at the same moment the later may be written first.
_COUNT = """
    INSERT INTO access_signinfailures AS f (key, name, count, wait_until, until)
    VALUES (%(key)s, %(name)s, 1, %(past)s, %(now)s + %(window)s)
    ON CONFLICT (key) DO UPDATE SET (count, wait_until, until) = (
        SELECT n, coalesce(%(now)s + w, %(past)s), %(now)s + coalesce(w, interval '0') + %(window)s
          FROM (SELECT CASE WHEN f.until <= %(now)s THEN 1 ELSE f.count + 1 END AS n) AS counted,
               LATERAL (SELECT CASE WHEN n >= %(free)s THEN
                            least(%(first)s * (2 ^ least(n - %(free)s, 20)), %(longest)s) END AS w) AS waiting
    ) WHERE f.wait_until <= %(now)s
    RETURNING count
"""


@dataclass(frozen=True)
class Locked:
    """Too many failures: nothing is tried before `until`."""

    until: datetime

    def seconds(self, now: datetime) -> int:
        """How long to wait, at least a second."""
        return max(1, math.ceil((self.until - now).total_seconds()))


def sign_in(request: HttpRequest, username: str, password: str) -> User | Locked | None:
    """The user whose name and password these are; None when they are not; Locked after too many failures.

    An attempt is counted before the password is looked at: many at the same moment win nothing.
    """
    now, typed = timezone.now(), username.strip()
    name = _key("name", typed.casefold())
    for key, of, limit in _counters(request, typed, name):
        until = _count(key, of, limit, now)
        if until is not None:
            return Locked(until)
    user = authenticate(request, username=typed, password=password)
    if not isinstance(user, User):
        return None
    forget_old(now)
    SignInFailures.objects.filter(name=name).delete()
    SignInFailures.objects.filter(key=_key("address", client(request)), count__gt=0).update(
        count=F("count") - 1, wait_until=now - timedelta(days=1)
    )
    return user


def _counters(request: HttpRequest, username: str, name: bytes) -> list[tuple[bytes, bytes, int]]:
    """What an attempt counts for (key, the name it is about, free attempts): a known device for itself alone."""
    device = _device(request, username)
    if device:
        return [(_key("device", device), name, LIMIT)]
    address = client(request)
    return [
        (_key("pair", f"{address} {username.casefold()}"), name, LIMIT),
        (_key("address", address), b"", ADDRESS_LIMIT),
        (name, name, NAME_LIMIT),
    ]


def remember(answer: HttpResponse, user: User) -> None:
    """Leaves on the device that this person has signed in there (a signed cookie, for half a year)."""
    answer.set_cookie(
        DEVICE, _devices.sign(f"{user.id}.{secrets.token_urlsafe(9)}"), max_age=_DEVICE_DAYS, httponly=True,
        samesite="Lax", secure=settings.SESSION_COOKIE_SECURE, path=reverse("sign-in"),
    )  # fmt: skip


def _device(request: HttpRequest, username: str) -> str:
    """The name of the device, where the user of this name has signed in on it before; else empty."""
    try:
        said = _devices.unsign(request.COOKIES.get(DEVICE, ""), max_age=_DEVICE_DAYS)
    except signing.BadSignature:
        return ""
    known = User.objects.filter(username=username).values_list("id", flat=True).first()
    return said if known is not None and said.startswith(f"{known}.") else ""


def unlock(username: str) -> bool:
    """Forgets the failures of a name; whether there were any."""
    name = _key("name", username.strip().casefold())
    return bool(SignInFailures.objects.filter(name=name).delete()[0])


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


def _count(key: bytes, name: bytes, free: int, now: datetime) -> datetime | None:
    """Counts an attempt; until when to wait where it comes too early."""
    values = {
        "key": key, "name": name, "now": now, "past": now - timedelta(days=1), "window": WINDOW, "free": free,
        "first": FIRST_WAIT, "longest": LONGEST_WAIT,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        if cursor.fetchone() is not None:
            return None
    row = SignInFailures.objects.filter(key=key).first()
    return row.wait_until if row is not None and row.wait_until > now else None


def _key(kind: str, text: str) -> bytes:
    """Keyed, because names and addresses are few enough to be guessed from a plain digest."""
    said = f"{kind} {text}".encode("utf-8", "replace")
    return hmac.new(secret("sign_in").encode(), said, hashlib.sha256).digest()
