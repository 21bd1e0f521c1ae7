"""What every page's frame needs to know."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from kiban.access import sessions
from kiban.ops import clock
from kiban.web import kept


def page(request: HttpRequest) -> dict[str, Any]:
    """`page`: demonstration or not, the date, who is signed in, which area of the site is open."""
    user = getattr(request, "user", None)
    signed_in = bool(user is not None and user.is_authenticated)
    match = request.resolver_match
    demo = settings.MODE in ("demo", "test")
    return {
        "page": {
            "demo": demo,
            "today": clock.today(),
            "now": clock.now(),
            "signed_in": signed_in,
            "name": getattr(user, "display_name", "") if signed_in else "",
            "is_party": signed_in and getattr(user, "kind", "") == "party",
            "is_staff": signed_in and getattr(user, "kind", "") == "staff",
            "area": (match.url_name or "").split("-")[0] if match else "",
            "kept": lambda: kept.text_of(request),
            "session": sessions.left(request),
        }
    }
