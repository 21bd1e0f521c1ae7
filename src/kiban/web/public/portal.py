"""Start page, search, procedures and bodies: pages for everybody."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access import texts
from kiban.access.bodies_source import MUNICIPALITIES
from kiban.definitions import body_settings
from kiban.web.admin.texts import labels
from kiban.web.public import catalogue
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import body_row, service_today

_LONGEST_QUERY = 100


def _query(request: HttpRequest, name: str = "q") -> str:
    return request.GET.get(name, "").strip()[:_LONGEST_QUERY]


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The start page: search, life events, procedures."""
    entries = catalogue.entries()
    return render(
        request, "web/public/home.html", {"entries": entries[:12], "events": catalogue.life_events()}
    )


@require_safe
def procedures(request: HttpRequest) -> HttpResponse:
    """Procedures by words and life event."""
    query, event = _query(request), _query(request, "event")
    return render(
        request,
        "web/public/procedures.html",
        {
            "query": query, "event": event, "entries": catalogue.found(query, event),
            "events": catalogue.life_events(), "crumbs": [(_("Home"), reverse("home")), (_("Procedures"), "")],
        },
    )  # fmt: skip


def _entry(service: str, procedure: str) -> catalogue.Entry:
    compiled, _edition = service_today(service)
    found = compiled.procedures.get(procedure)
    if found is None or not found.procedure.public:
        raise Http404
    return catalogue.Entry(compiled, found)


@require_safe
def procedure(request: HttpRequest, service: str, procedure: str) -> HttpResponse:
    """What a procedure is: who, what it costs, what is asked, by which law. Then: choose the body."""
    entry = _entry(service, procedure)
    action = catalogue.opening_action(entry.procedure, catalogue.party_roles(entry.compiled))
    return render(request, "web/public/procedure.html", _about(entry, action, None))


def _about(entry: catalogue.Entry, action: str | None, body: str | None) -> dict[str, Any]:
    label = entry.procedure.procedure.label.text(language())
    form = entry.compiled.service.forms[entry.procedure.procedure.form]
    return {
        "entry": entry, "action": action, "form": form, "fee": catalogue.fee_note(entry, body),
        "asked": list(catalogue.asked(entry.procedure, action)) if action else [],
        "who": catalogue.who(entry.procedure, action) if action else [],
        "opening": entry.procedure.actions[action].action if action else None,
        "crumbs": [(_("Home"), reverse("home")), (_("Procedures"), reverse("procedures")), (label, "")],
    }  # fmt: skip


@require_safe
def choose(request: HttpRequest, service: str, procedure: str) -> HttpResponse:
    """Choose the body that the application goes to."""
    entry = _entry(service, procedure)
    query = _query(request)
    rows = catalogue.choices(query) if query else []
    label = entry.procedure.procedure.label.text(language())
    context = {
        "entry": entry, "query": query,
        "rows": [(row, catalogue.level(entry.compiled, row.code)) for row in rows],
        "crumbs": [
            (_("Home"), reverse("home")), (label, reverse("procedure", args=[service, procedure])),
            (_("Choose the municipality"), ""),
        ],
    }  # fmt: skip
    name = "web/public/body_list.html" if request.headers.get("HX-Request") else "web/public/choose.html"
    return render(request, name, context)


@require_safe
def at_body(request: HttpRequest, service: str, procedure: str, body: str) -> HttpResponse:
    """A procedure at a body: its fee, the way to apply, or which neighbours take it."""
    entry, row = _entry(service, procedure), body_row(body)
    if row.kind not in MUNICIPALITIES:
        raise Http404
    action = catalogue.opening_action(entry.procedure, catalogue.party_roles(entry.compiled))
    level = catalogue.level(entry.compiled, body)
    label = entry.procedure.procedure.label.text(language())
    office = body_settings.office(body, service)
    hours = (office.hours_en if language() == "en" else "") or office.hours if office is not None else ""
    context = {
        **_about(entry, action, body), "body": row, "level": level, "office": office, "hours": hours,
        "near": catalogue.taking_near(entry.compiled, body) if level == "none" else [],
        "crumbs": [
            (_("Home"), reverse("home")), (label, reverse("procedure", args=[service, procedure])), (row.name, ""),
        ],
    }  # fmt: skip
    return render(request, "web/public/at_body.html", context)


@require_safe
def body_search(request: HttpRequest) -> HttpResponse:
    """Find a municipality by any part of its name, its reading or a postal code."""
    query = _query(request)
    context = {
        "query": query, "rows": catalogue.choices(query) if query else [],
        "crumbs": [(_("Home"), reverse("home")), (_("Municipalities"), "")],
    }  # fmt: skip
    return render(request, "web/public/bodies.html", context)


@require_safe
def body(request: HttpRequest, code: str) -> HttpResponse:
    """A municipality and its procedures."""
    row = body_row(code)
    if row.kind not in MUNICIPALITIES:
        raise Http404
    entries = catalogue.entries()
    context = {
        "body": row,
        "notes": [(name, label) for name, label in labels().items() if name in texts.of(code)],
        "taken": [entry for entry in entries if catalogue.level(entry.compiled, code) != "none"],
        "not_taken": [entry for entry in entries if catalogue.level(entry.compiled, code) == "none"],
        "crumbs": [
            (_("Home"), reverse("home")), (_("Municipalities"), reverse("bodies")), (row.name, ""),
        ],
    }  # fmt: skip
    return render(request, "web/public/body.html", context)
