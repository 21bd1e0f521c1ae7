"""Fields that the body adds to a form: added, changed, ordered, retired, taken back, and their effect on an example."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access import changes
from kiban.access.changes import SettingRefused
from kiban.access.models import User
from kiban.cases.trial import effect_of_fields
from kiban.definitions import editions, local, local_settings
from kiban.definitions.local_settings import Asked
from kiban.kernel.definitions.local import extended
from kiban.kernel.definitions.words import Field, Section, Slot
from kiban.ops import clock
from kiban.web.admin.common import page, place_to_set
from kiban.web.forms.posted import storable
from kiban.web.viewer import Place, staff_only

_WORDS = ("label", "label_en", "help", "help_en", "type", "required", "choices", "from", "why")


def type_words() -> dict[str, str]:
    """The types that a body may choose, as the page calls them."""
    return {
        "text": _("One line of text"), "long_text": _("Several lines of text"), "kana": _("Katakana"),
        "integer": _("Whole number"), "money": _("Amount in yen"), "decimal": _("Number with decimals"),
        "date": _("Date"), "time": _("Time of day"), "choice": _("One of several choices"),
        "multiple": _("Any of several choices"), "yes_no": _("Yes or no"), "phone": _("Telephone number"),
        "email": _("E-mail address"), "postal_code": _("Postal code"),
    }  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def fields(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Every section that is open to the body, with its fields in their order."""
    place, user = place_to_set(request, body, service)
    if request.method == "POST":
        verb, _colon, rest = request.POST.get("do", "").partition(":")
        form, _colon, name = rest.partition(":")
        if verb in ("up", "down"):
            try:
                local_settings.move(service, body, form, name, verb == "up", user)
                messages.success(request, _("The order has been changed."))
            except LookupError:
                pass
        return HttpResponseRedirect(reverse("settings-fields", args=[body, service]))
    words = type_words()
    found = local_settings.places(place.compiled, body, clock.today())
    context = {
        "places": [(item, [(asked, words.get(asked.field.type, "")) for asked in item.fields]) for item in found],
        "today": clock.today(),
    }  # fmt: skip
    return page(request, place, "settings-fields", context)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: HttpRequest, body: str, service: str, form: str, section: str) -> HttpResponse:
    """A field to add to a section."""
    place, user = place_to_set(request, body, service)
    where, slot = _slot(place, form, section)
    return _one(request, place, user, form, where, slot, None)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, body: str, service: str, form: str, name: str) -> HttpResponse:
    """A field of the body: change it, retire it, take a coming change back, see its history."""
    place, user = place_to_set(request, body, service)
    try:
        asked = local_settings.one(service, body, form, name, clock.today())
    except LookupError:
        raise Http404 from None
    where, slot = _slot(place, form, asked.row.section)
    return _one(request, place, user, form, where, slot, asked)


def _slot(place: Place, form: str, section: str) -> tuple[Section, Slot]:
    found = place.compiled.service.forms.get(form)
    where = found.sections.get(section) if found is not None else None
    if where is None or where.vary is None:
        raise Http404
    return where, where.vary


def _one(
    request: HttpRequest, place: Place, user: User, form: str, where: Section, slot: Slot, asked: Asked | None
) -> HttpResponse:
    if request.method != "POST":
        return _show(request, place, form, where, slot, asked, {})
    try:
        done = _set(request, place, user, form, where, asked)
        if done:
            messages.success(request, done)
            return HttpResponseRedirect(reverse("settings-fields", args=[place.body.code, place.slug]))
        return _show(
            request, place, form, where, slot, asked, _effect(request, place, user, form, where, asked)
        )
    except SettingRefused as refused:
        return _show(request, place, form, where, slot, asked, {}, refused)


def _set(
    request: HttpRequest, place: Place, user: User, form: str, where: Section, asked: Asked | None
) -> str:
    """Does what was asked for; the words that say so, empty when only the effect is wanted."""
    body, service, post = place.body.code, place.slug, request.POST
    if asked is not None and "undo" in post:
        start = changes.day("from", post["undo"])
        assert start is not None
        local_settings.undo(service, body, form, asked.name, start, user, _("taken back on the page"))
        return _("The coming change has been taken back.")
    if asked is not None and post.get("do") == "retire":
        local_settings.retire(
            service,
            body,
            form,
            asked.name,
            post.get("retire_from"),
            user,
            storable(post.get("retire_why", "")),
        )
        return _("The field will be asked no more from that day on.")
    if post.get("do") == "save":
        name = asked.name if asked is not None else None
        local_settings.save(place.compiled, body, form, where.name, name, _said(request), user)
        return _("The field has been set.")
    return ""


def _said(request: HttpRequest) -> dict[str, str]:
    return {name: storable(request.POST.get(name, "")) for name in _WORDS}


def _effect(
    request: HttpRequest, place: Place, user: User, form: str, where: Section, asked: Asked | None
) -> dict[str, Any]:
    name = asked.name if asked is not None else None
    body, today = place.body.code, clock.today()
    item, start = local_settings.read(place.compiled, body, form, where.name, name, _said(request))
    others = [
        found
        for row in local.in_force(place.slug, body, start)
        if (found := local.as_field(row)) and (row.form, row.name) != (form, item.field.name)
    ]
    after = extended(editions.get(place.edition), body, [*others, item])
    before = local.edition(place.edition, body, today)
    return {
        "asked_for": True, "tried": item.field.label,
        "effect": effect_of_fields(before, after, body, str(user.id)),
    }  # fmt: skip


def _show(
    request: HttpRequest, place: Place, form: str, where: Section, slot: Slot, asked: Asked | None,
    more: dict[str, Any], refused: SettingRefused | None = None,
) -> HttpResponse:  # fmt: skip
    words = type_words()
    values = _said(request) if request.method == "POST" else _held(asked.field if asked else None)
    name = asked.name if asked is not None else ""
    context = {
        "asked": asked, "section": where, "slot": slot, "types": [(kind, words[kind]) for kind in slot.types],
        "form_label": place.compiled.service.forms[form].label, "values": values, "today": clock.today(),
        "type_words": words.get(asked.field.type, "") if asked else "",
        "history": [
            row
            for row in changes.history(place.body.code, place.slug, name=f"{form}.{name}")
            if row.kind.startswith("local_field")
        ]
        if name
        else [],
        **more,
    }  # fmt: skip
    problems = refused.problems if refused is not None else ()
    return page(request, place, "settings-fields", context, problems, "web/admin/field.html")


def _held(field: Field | None) -> dict[str, str]:
    """What stands now, as the inputs say it."""
    if field is None:
        return dict.fromkeys(_WORDS, "")
    return {
        "label": field.label.ja, "label_en": field.label.en, "help": field.help.ja if field.help else "",
        "help_en": field.help.en if field.help else "", "type": field.type, "required": field.required,
        "choices": local_settings.choices_text(field), "from": "", "why": "",
    }  # fmt: skip
