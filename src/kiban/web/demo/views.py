"""Demonstration only: the invented people, signing in as one of them, and the clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from kiban.access import bodies
from kiban.access.models import User
from kiban.cases import clocks
from kiban.definitions import editions
from kiban.kernel.dates import JST
from kiban.ops import clock, demo
from kiban.web import kept
from kiban.web.sign_in import providers_of, safe_next

_BACKEND = "django.contrib.auth.backends.ModelBackend"


def demo_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """In production these pages do not exist."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.MODE not in ("demo", "test"):
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


@require_safe
@demo_only
def people(request: HttpRequest) -> HttpResponse:
    """Invented people to sign in as: parties, then staff by body and service."""
    return choose(request, safe_next(request, ""))


def choose(request: HttpRequest, wanted: str) -> HttpResponse:
    """As `people`; afterwards on to `wanted`, with what a form has sent."""
    parties, staff = [], dict[tuple[str, str], list[Any]]()
    for person in demo.people():
        if person.kind == "party":
            parties.append(person)
        else:
            staff.setdefault((person.body, person.service), []).append(person)
    today = clock.today()
    context = {
        "parties": parties, "next": wanted, "kept": kept.text_of(request), "providers": providers_of(),
        "staff": [
            (bodies.row(body), editions.current(service, today).service.label, found)
            for (body, service), found in staff.items()
            if bodies.exists(body)
        ],
        "crumbs": [(_("Home"), reverse("home")), (_("People of the demonstration"), "")],
    }  # fmt: skip
    return render(request, "web/demo/people.html", context)


@require_POST
@demo_only
def sign_in_as(request: HttpRequest) -> HttpResponse:
    """Signs in as an invented person, by sign-in name."""
    known = {person.username: person for person in demo.people()}
    person = known.get(request.POST.get("person", ""))
    user = User.objects.filter(username=person.username, is_active=True).first() if person else None
    if user is None:
        messages.error(request, _("This person is not there. Please choose another."))
        return HttpResponseRedirect(reverse("demo-people"))
    login(request, user, backend=_BACKEND)
    onward = kept.resume(request)
    if onward is not None:
        return onward
    return HttpResponseRedirect(safe_next(request, reverse("my" if user.kind == "party" else "desk")))


@require_POST
@demo_only
def set_clock(request: HttpRequest) -> HttpResponse:
    """Sets the date of the demonstration (at the present time of day) and lets what is due happen."""
    try:
        day = date.fromisoformat(request.POST.get("date", ""))
    except ValueError:
        messages.error(request, _("Please give a date, for example 2026-10-05."))
        return HttpResponseRedirect(safe_next(request, reverse("home")))
    if not 2000 <= day.year <= 2100:
        messages.error(request, _("Please give a date between 2000 and 2100."))
        return HttpResponseRedirect(safe_next(request, reverse("home")))
    present = datetime.now(JST)
    if day == present.date():
        clock.set_clock(None)
    else:
        clock.set_clock(datetime.combine(day, present.time().replace(microsecond=0), tzinfo=JST))
    clocks.run_due(clock.now(), only=demo.demo_bodies())  # so that the next page shows what has become due
    messages.success(request, _done(day))
    return HttpResponseRedirect(safe_next(request, reverse("home")))


def _done(day: date) -> str:
    return _("The date of the demonstration is now %s.") % day.isoformat()
