"""The pages of help: by audience, by words, by procedure."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.kernel.text import search_key
from kiban.web.help import procedures, topics
from kiban.web.public import catalogue
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import places_of_staff, service_today, user_of

_LONGEST_QUERY = 100


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Help: search, audiences, procedures."""
    query = request.GET.get("q", "").strip()[:_LONGEST_QUERY]
    words = [key for key in (search_key(word) for word in query.split()) if key]
    entries = catalogue.entries()
    context = {
        "query": query, "audiences": topics.AUDIENCES, "entries": entries,
        "found": topics.found(words) if words else [],
        "found_entries": [entry for entry in entries if procedures.matching(entry, words)] if words else [],
        "crumbs": [(_("Home"), reverse("home")), (_("Help"), "")],
    }  # fmt: skip
    return render(request, "web/help/home.html", context)


@require_safe
def audience(request: HttpRequest, audience: str) -> HttpResponse:
    """General help for somebody: residents, clerks, administrators, officials."""
    found = topics.audience(audience)
    if found is None:
        raise Http404
    context = {
        "audience": found, "audiences": topics.AUDIENCES, "topics": list(topics.of(found.key)),
        "crumbs": [(_("Home"), reverse("home")), (_("Help"), reverse("help")), (found.label, "")],
    }  # fmt: skip
    return render(request, "web/help/audience.html", context)


@require_safe
def procedure(request: HttpRequest, service: str, procedure: str) -> HttpResponse:
    """Help on one procedure. Its staff read, below, who does what; what is not public only they see."""
    compiled, _edition = service_today(service)
    found = compiled.procedures.get(procedure)
    staff = _works_with(request, service)
    if found is None or not (found.procedure.public or staff):
        raise Http404
    party = procedures.roles_of(compiled, procedures.PARTY)
    label = found.procedure.label.text(language())
    context: dict[str, Any] = {
        "entry": catalogue.Entry(compiled, found), "procedure": found, "staff": staff,
        "questions": procedures.questions(compiled, found, procedures.PARTY),
        "way": procedures.way(found), "papers": procedures.documents(found, party),
        "told": procedures.notices(found, party), "own": procedures.doing(found, party),
        "crumbs": [(_("Home"), reverse("home")), (_("Help"), reverse("help")), (label, "")],
    }  # fmt: skip
    if staff:
        told = {said.name for said in context["questions"]}
        asked = procedures.questions(compiled, found, procedures.STAFF)
        context |= {
            "staff_questions": [said for said in asked if said.name not in told],
            "doing": procedures.doing(found, procedures.roles_of(compiled, procedures.STAFF)),
            "deadlines": procedures.deadlines(found), "rules": found.procedure.rules,
        }  # fmt: skip
    return render(request, "web/help/procedure.html", context)


def _works_with(request: HttpRequest, service: str) -> bool:
    user = user_of(request)
    return user is not None and user.kind == "staff" and any(s == service for _b, s in places_of_staff(user))
