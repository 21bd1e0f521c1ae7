"""What every site owes its readers: accessibility, personal data, terms of use, whom to ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access import texts
from kiban.access.bodies_source import BodyRow
from kiban.definitions import editions, parameters
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.expr import is_pending
from kiban.ops import clock
from kiban.ops.contact import contact as contact_of
from kiban.web.viewer import body_row


@dataclass(frozen=True)
class Kept:
    """What a service keeps about people, and for how many years after the end of a case."""

    label: Label
    law: str
    sections: tuple[Label, ...]
    years: int | None


def kept(body: str = "") -> list[Kept]:
    """What the services in force keep, by the values of a body, else those of the nation."""
    return [
        Kept(compiled.service.label, compiled.service.law, tuple(_personal(compiled)), years(compiled, body))
        for compiled in editions.catalogue(clock.today())
    ]


def _personal(compiled: CompiledService) -> dict[Label, None]:
    """The sections of forms of public procedures that ask for personal data."""
    return {
        section.label: None
        for procedure in compiled.procedures.values() if procedure.procedure.public
        for section in compiled.service.forms[procedure.procedure.form].sections.values()
        if any(field.personal for field in section.fields.values())
    }  # fmt: skip


def years(compiled: CompiledService, body: str = "") -> int | None:
    """For how many years a case is kept after its end; None where that is not settled."""
    found = compiled.retention.run({"param": parameters.resolve(compiled, body, clock.today())})
    return None if is_pending(found) or found is None else int(found)


@require_safe
def of_body(request: HttpRequest, code: str, name: str) -> HttpResponse:
    """A note with what a body adds in its own words. Raises Http404 where it adds nothing."""
    row, said = body_row(code), texts.of(code).get(name)
    if said is None:
        raise Http404
    return _NOTES[name](request, row, said)


def _note(
    request: HttpRequest, name: str, label: str, context: Mapping[str, Any], body: BodyRow | None, said: Label | None
) -> HttpResponse:  # fmt: skip
    crumbs = [(_("Home"), reverse("home"))]
    if body is not None:
        crumbs.append((body.full_name, reverse("body", args=[body.code])))
    crumbs.append((label, ""))
    whole = {"crumbs": crumbs, "contact": contact_of(), "body": body, "said": said, **context}
    return render(request, f"web/notes/{name}.html", whole)


@require_safe
def accessibility(
    request: HttpRequest, body: BodyRow | None = None, said: Label | None = None
) -> HttpResponse:
    """What the pages promise to those who read them by keyboard, by ear or enlarged, and where they fall short."""
    hours = settings.SESSION_COOKIE_AGE // 3600
    return _note(request, "accessibility", _("Accessibility"), {"hours": hours}, body, said)


@require_safe
def privacy(request: HttpRequest, body: BodyRow | None = None, said: Label | None = None) -> HttpResponse:
    """What is kept about people, what for, for how long, who sees it; cookies."""
    context = {
        "kept": kept(body.code if body is not None else ""),
        "hours": settings.SESSION_COOKIE_AGE // 3600,
    }
    return _note(request, "privacy", _("Personal data"), context, body, said)


@require_safe
def terms(request: HttpRequest, body: BodyRow | None = None, said: Label | None = None) -> HttpResponse:
    """The terms of use."""
    return _note(request, "terms", _("Terms of use"), {}, body, said)


@require_safe
def contact(request: HttpRequest, body: BodyRow | None = None, said: Label | None = None) -> HttpResponse:
    """Whom to ask: about a procedure the body, about these pages who runs them."""
    return _note(request, "contact", _("Contact"), {}, body, said)


_NOTES = {"accessibility": accessibility, "privacy": privacy, "terms": terms, "contact": contact}
