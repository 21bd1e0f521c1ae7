"""The calendar of coming changes, for everybody and for one body."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.definitions.coming import coming
from kiban.ops import clock
from kiban.web.viewer import body_row


@require_safe
def changes(request: HttpRequest, code: str = "") -> HttpResponse:
    """Editions, values and participation that will come into force, the nearest first."""
    body = body_row(code) if code else None
    crumbs = [(_("Home"), reverse("home"))]
    if body is not None:
        crumbs.append((body.full_name, reverse("body", args=[code])))
    crumbs.append((_("Coming changes"), ""))
    context = {"coming": coming(clock.today(), code), "body": body, "crumbs": crumbs}
    return render(request, "web/public/changes.html", context)
