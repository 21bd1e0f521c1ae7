"""Cases and those to whom a summary of them was granted: what they see, and what the office sees of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.queries import CaseView
from kiban.kernel.definitions.model import Label
from kiban.kernel.environment import view_values
from kiban.kernel.facts import Grant
from kiban.kernel.grants import EVERYWHERE, holding
from kiban.kernel.sight import Sight
from kiban.ops import clock
from kiban.web import display
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, body_name


@dataclass(frozen=True)
class Given:
    """A grant as the office reads it. `standing`: holds, over, revoked or blocked."""

    role: Label
    to: str
    basis: str
    since: date
    until: date | None
    standing: str


def given(found: CaseView) -> list[Given]:
    """To whom the case is or was shown, and what was blocked."""
    return [_given(found, grant) for grant in found.state.grants.values()]


def _given(found: CaseView, grant: Grant) -> Given:
    role = found.compiled.service.roles.get(grant.role)
    to = _("All places") if grant.to == EVERYWHERE else body_name(grant.to) or grant.to
    holds = holding(found.state.grants, [(grant.role, grant.to)], clock.today()) is not None
    standing = (
        "blocked" if grant.blocked else "revoked" if grant.revoked else "holds" if holds else "over"
    )  # fmt: skip
    label = role.label if role is not None else Label(ja=grant.role)
    return Given(label, to, grant.basis, grant.since, grant.until, standing)


def summary(request: HttpRequest, place: Place, found: CaseView, seen: Sight) -> HttpResponse:
    """What is seen by a grant: these values and documents, and by which article."""
    case_id, words = found.row.id, found.compiled.service.documents
    grant = holding(found.state.grants, place.actor.granted, clock.today())
    assert grant is not None  # or the case would not be visible
    with scope(place.body.code, viewer=place.actor.id):
        documents = [row for row in queries.documents(case_id) if row.name in seen.documents]
        queries.log_access("case", case_id)
    values = view_values(found.procedure, found.state, place.facts(found.state))
    mine = [grant.to, place.slug]
    context = {
        "place": place, "case": found, "procedure": found.procedure, "grant": grant,
        "state": found.procedure.procedure.states[found.state.state],
        "tone": display.state_tone(found.procedure, found.state.state, overdue=False),
        "parts": display.sections(found.procedure, values, found.state.texts, seen, language()),
        "computed": display.computed(found.procedure, values, seen, language()),
        "documents": [(row, words[row.name]) for row in documents],
        "file_url": reverse("desk-case-files", args=[place.body.code, case_id]),
        "crumbs": [
            (_("Staff desk"), reverse("desk")),
            (f"{bodies.row(grant.to).name} {found.compiled.service.label.text(language())}",
             reverse("desk-shared", args=mine)),
            (found.row.number, ""),
        ],
    }  # fmt: skip
    return render(request, "web/desk/summary.html", context)
