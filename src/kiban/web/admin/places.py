"""Participation, closed days, the counter, people and roles, and the history of all settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access import changes, closing, participation, people
from kiban.access.changes import SettingRefused
from kiban.access.models import Participation, SettingChange, User
from kiban.access.texts import KIND
from kiban.definitions import body_settings
from kiban.kernel.definitions.model import Label
from kiban.ops import clock
from kiban.web.admin.common import page, place_to_set
from kiban.web.admin.texts import labels
from kiban.web.forms.posted import storable
from kiban.web.proving import asks_again
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, staff_only

_YEARS = range(1949, 2100)


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: storable(value) for name, value in request.POST.items() if isinstance(value, str)}


def _back(request: HttpRequest, place: Place, name: str, words: str) -> HttpResponse:
    messages.success(request, words)
    return HttpResponseRedirect(reverse(name, args=[place.body.code, place.slug]))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def joining(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Whether the body takes part: now, and from a day on."""
    place, user = place_to_set(request, body, service)
    problems: tuple[Any, ...] = ()
    if request.method == "POST":
        said = _said(request)
        try:
            body_settings.set_participation(
                place.compiled, body, said.get("level"), said.get("from"), user, said.get("why")
            )
            return _back(request, place, "settings-participation", _("The participation has been set."))
        except SettingRefused as refused:
            problems = refused.problems
    today = clock.today()
    rows = Participation.objects.filter(body=body, service=service).order_by("-from_date")
    context = {
        "now": participation.level(place.compiled.service, body, today), "rows": rows, "today": today,
        "levels": ("full", "trial", "none"), "law": place.compiled.service.participation.law,
    }  # fmt: skip
    return page(request, place, "settings-participation", context, problems)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def closed_days(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The days on which the body is closed, beside the national holidays."""
    place, user = place_to_set(request, body, service)
    problems: tuple[Any, ...] = ()
    if request.method == "POST":
        try:
            return _back(request, place, "settings-closed-days", _closing(request, body, user))
        except SettingRefused as refused:
            problems = refused.problems
        except LookupError:
            return HttpResponseRedirect(request.path)
    today = clock.today()
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 and int(asked) in _YEARS else today.year
    context = {"days": closing.days(body, year), "year": year, "today": today}
    return page(request, place, "settings-closed-days", context, problems)


def _closing(request: HttpRequest, body: str, user: User) -> str:
    said = _said(request)
    if "remove" in said:
        closing.remove(body, said["remove"], user)
        return _("The day has been taken back.")
    file = request.FILES.get("file")
    if said.get("do") == "import":
        content = file.read(closing.CSV_LIMIT + 1) if file is not None else b""
        count = closing.add_csv(body, content, user)
    else:
        count = closing.add(
            body,
            said.get("first"),
            said.get("last"),
            said.get("reason"),
            user,
            open_=said.get("kind") == "open",
        )
    return _("%s days have been entered.") % count


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def office(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """How the counter is reached, when it is open, and which departments there are."""
    place, user = place_to_set(request, body, service)
    known = body_settings.office(body, service)
    values: dict[str, Any] = {
        name: getattr(known, name, "") for name in ("name", "phone", "email", "address", "hours", "hours_en")
    }
    values["departments"] = "\n".join(known.departments) if known else ""
    problems: tuple[Any, ...] = ()
    if request.method == "POST":
        values = _said(request)
        said = {**values, "departments": values.get("departments", "").splitlines()}
        try:
            body_settings.set_office(service, body, said, user)
            return _back(request, place, "settings-office", _("The counter has been saved."))
        except SettingRefused as refused:
            problems = refused.problems
    fields = [
        ("name", _("Name of the counter"), "organization"), ("phone", _("Telephone"), "tel"),
        ("email", _("E-mail"), "email"), ("address", _("Address"), "street-address"),
        ("hours", _("Counter hours"), "off"), ("hours_en", _("Counter hours in English"), "off"),
    ]  # fmt: skip
    context = {
        "fields": [(n, label, auto, values.get(n, "")) for n, label, auto in fields],
        "departments": values.get("departments", ""),
    }
    return page(request, place, "settings-office", context, problems)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
@asks_again
def persons(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Who holds which role; giving a role, ending it, and deputies."""
    place, user = place_to_set(request, body, service)
    word = place.compiled.service
    problems: tuple[Any, ...] = ()
    if request.method == "POST":
        said = _said(request)
        try:
            if "end" in said:
                people.end(word, body, said["end"], said.get("last_day"), user, said.get("end_why"))
                return _back(request, place, "settings-people", _("The role has been ended."))
            people.give(
                word, body, said.get("username"), said.get("role"), said.get("from"), user,
                display_name=said.get("display_name"), department=said.get("department"), to=said.get("to"),
                deputy_for=said.get("deputy_for"), why=said.get("why"),
            )  # fmt: skip
            return _back(request, place, "settings-people", _("The role has been given."))
        except SettingRefused as refused:
            problems = refused.problems
        except (LookupError, ValueError):
            return HttpResponseRedirect(request.path)
    names = {str(row.user_id): row.user.display_name for row in people.grants(body, service, past=True)}
    rows = [
        (
            row,
            word.roles[row.role].label if row.role in word.roles else row.role,
            names.get(str(row.deputy_for), ""),
        )
        for row in people.grants(body, service)
    ]
    known = body_settings.office(body, service)
    context = {
        "rows": rows, "roles": people.givable(word, body), "today": clock.today(),
        "departments": known.departments if known else [],
    }  # fmt: skip
    return page(request, place, "settings-people", context, problems)


@require_safe
@staff_only
def history(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Everything that was set, by whom and why."""
    place, _user = place_to_set(request, body, service)
    rows = changes.history(body, service)
    return page(request, place, "settings-history", {"rows": [(row, _what(place, row)) for row in rows]})


def _what(place: Place, row: SettingChange) -> str:
    """What a line of the history is about, in words."""
    if row.kind.startswith("parameter"):
        codec = place.compiled.parameters.get(row.name)
        return codec.parameter.label.text(language()) if codec is not None else row.name
    if row.kind == "import":
        return str((row.after or {}).get("file", ""))
    if row.kind.startswith("local_field"):
        said = row.after or row.before
        return (
            Label(**said["label"]).text(language())
            if isinstance(said, dict) and "label" in said
            else row.name
        )
    if row.kind.startswith("absence"):
        names = row.after or {}
        return f"{names.get('name', '')} → {names.get('deputy_name', '')}"
    if row.kind.startswith("grant"):
        role = place.compiled.service.roles.get(row.name)
        name = str((row.after or row.before or {}).get("name", ""))
        return f"{role.label.text(language()) if role is not None else row.name} {name}"
    if row.kind == KIND:
        return labels().get(row.name, row.name)
    return row.name if row.kind == "closed_day" else ""
