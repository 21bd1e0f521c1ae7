"""What of a list of cases is asked for: the filters of the inbox, as words of its address and as a query."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from kiban.access.models import User
from kiban.kernel.office import works_here
from kiban.ops import clock
from kiban.web.forms.posted import storable
from kiban.web.viewer import Place

_LONGEST_QUERY = 100
_FINALS: Mapping[str, bool | None] = {"": False, "due": False, "mine": None, "closed": True, "all": None}


def filters(given: Mapping[str, str], place: Place) -> dict[str, str]:
    """The filters of an address or of a form; what means nothing here is empty."""
    procedure, show, who = given.get("procedure", ""), given.get("show", ""), given.get("who", "")
    return {
        "q": storable(given.get("q", "")).strip()[:_LONGEST_QUERY],
        "procedure": procedure if procedure in place.compiled.procedures else "",
        "state": storable(given.get("state", ""))[:100],
        "show": show if show in _FINALS else "",
        "who": who if who in handlers(place) else "",
    }


def said(chosen: Mapping[str, str]) -> dict[str, str]:
    """The filters that say something."""
    return {name: value for name, value in chosen.items() if value}


def inbox_url(place: Place, chosen: Mapping[str, str]) -> str:
    """The address of the inbox with these filters."""
    query = urlencode(said(chosen))
    return reverse("desk-inbox", args=[place.body.code, place.slug]) + (f"?{query}" if query else "")


def handlers(place: Place) -> tuple[str, ...]:
    """The choices of who handles a case; it is told to those who work there alone."""
    if not works_here(place.compiled.service, place.actor, place.body.code):
        return ()
    return ("me", "department", "nobody") if place.actor.department else ("me", "nobody")


def wishes(place: Place, chosen: Mapping[str, str]) -> dict[str, Any]:
    """The filters as arguments of `queries.inbox`."""
    show, state, actor = chosen["show"], chosen["state"], place.actor
    procedure, _dot, name = state.partition(".")
    final = None if (state or chosen["q"]) and show == "" else _FINALS[show]
    return {
        "procedure": procedure or chosen["procedure"] or None, "state": name or None, "text": chosen["q"],
        "due_by": clock.today() if show == "due" else None, "final": final, "roles": actor.roles,
        "actor": actor.id if show == "mine" else None,
        "assigned": {"me": [actor.id, *actor.deputy.values()], "nobody": []}.get(chosen["who"]),
        "department": actor.department if chosen["who"] == "department" else None,
    }  # fmt: skip


def standing_in(place: Place) -> list[str]:
    """The names of those in whose place the actor acts today (代決)."""
    absent = set(place.actor.deputy.values())
    return sorted(user.display_name for user in User.objects.filter(id__in=absent)) if absent else []


def acts_on_many(place: Place) -> bool:
    """Whether the actor works here and may do something on cases that are open."""
    if not works_here(place.compiled.service, place.actor, place.body.code):
        return False
    return any(
        not action.action.opens and place.actor.roles & set(action.action.roles)
        for procedure in place.compiled.procedures.values()
        for action in procedure.actions.values()
    )
