"""The body's own words on personal data, accessibility, terms and contact."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access import texts as own
from kiban.access.changes import SettingRefused
from kiban.web.admin.common import page, place_to_set
from kiban.web.forms.posted import storable
from kiban.web.viewer import staff_only


def labels() -> dict[str, str]:
    """What the pages are called."""
    return {
        "privacy": _("Personal data"), "accessibility": _("Accessibility"), "terms": _("Terms of use"),
        "contact": _("Contact"),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def texts(request: HttpRequest, body: str, service: str, name: str = "privacy") -> HttpResponse:
    """One of the texts: what stands now, in both languages."""
    place, user = place_to_set(request, body, service)
    words = labels()
    if name not in words:
        raise Http404
    known = own.of(body).get(name)
    values: dict[str, Any] = {"ja": known.ja if known else "", "en": known.en if known else ""}
    problems: tuple[Any, ...] = ()
    if request.method == "POST":
        values = {key: storable(request.POST.get(key, "")) for key in ("ja", "en", "why")}
        try:
            own.set_text(body, name, values["ja"], values["en"], user, values["why"])
            messages.success(request, _("The text has been saved."))
            return HttpResponseRedirect(reverse("settings-text", args=[body, service, name]))
        except SettingRefused as refused:
            problems = refused.problems
    context = {
        "name": name, "label": words[name], "names": list(words.items()), "values": values, "stands": known is not None,
    }  # fmt: skip
    return page(request, place, "settings-texts", context, problems)
