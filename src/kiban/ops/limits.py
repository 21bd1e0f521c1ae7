"""How often somebody may ask: a bucket for each address that is not known, and one for each account.

Every request first takes from the bucket of its address, before anything is looked up. When it turns out who asks (a
valid token, a session), the address gets it back and the account's own bucket counts: people behind one address do not
wait for each other, and guesses cost. Buckets stand in the memory of each server process: a check costs a microsecond
and no query. What must be counted together (failed sign-ins) stands in the database (kiban.access.passwords).

Behind a trusted proxy the address is the one that the proxy names (kiban.ops.proxies); headers of others are ignored.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from kiban.ops.refusals import Words, refusal

_SECONDS_AT_ONCE = 4.0
_MOST = 50_000
_TOO_OFTEN = (
    Words("短い時間に多くの操作がありました", "少し待ってから、もう一度お試しください。"),
    Words("Too many requests in a short time", "Please wait a little and try again."),
)


class Buckets:
    """Token buckets by key: `rate` a second, four seconds of it at once. The longest unused are forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._most, self._lock = most, Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, rate: float) -> float:
        """Takes one; 0.0 when there was one, else the seconds until there will be. No limit for a rate of 0."""
        if rate <= 0:
            return 0.0
        most, now = max(1.0, rate * _SECONDS_AT_ONCE), time.monotonic()
        with self._lock:
            left, since = self._left.get(key, (most, now))
            left = min(most, left + (now - since) * rate)
            taken = left >= 1
            self._left[key] = (left - 1 if taken else left, now)
            self._left.move_to_end(key)
            if len(self._left) > self._most:
                self._left.popitem(last=False)
        return 0.0 if taken else (1 - left) / rate

    def give_back(self, key: str) -> None:
        """Undoes a `take`."""
        with self._lock:
            if key in self._left:
                left, since = self._left[key]
                self._left[key] = (left + 1, since)

    def clear(self) -> None:
        """Forgets all."""
        with self._lock:
            self._left.clear()


BUCKETS = Buckets()


def client(request: HttpRequest) -> str:
    """The client's address; of IPv6 the network (/64), since one client has many addresses."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    return ":".join(address.split(":")[:4]) if ":" in address else address


def known(request: HttpRequest, account: str, rate: float) -> int:
    """It has turned out who asks: seconds to wait where the account asks too often, else 0."""
    BUCKETS.give_back(f"address:{client(request)}")
    return math.ceil(BUCKETS.take(f"account:{account}", rate))


def too_often(request: HttpRequest, seconds: int) -> HttpResponse:
    """429: to be tried again after `seconds`."""
    return refusal(request, 429, *_TOO_OFTEN, retry_after=seconds)


class Addresses:
    """Middleware before anything is looked up: an address that asks too often waits. Static files are free."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith(settings.STATIC_URL):
            wait = BUCKETS.take(f"address:{client(request)}", settings.KIBAN_ADDRESS_RATE)
            if wait:
                return too_often(request, math.ceil(wait))
        return self.get_response(request)


class Accounts:
    """Middleware behind the sign-in: pages of who is signed in count for the account (the API does so itself)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path.startswith("/api/") and request.user.is_authenticated:
            wait = known(request, str(request.user.pk), settings.KIBAN_PAGE_RATE)
            if wait:
                return too_often(request, wait)
        return self.get_response(request)
