"""Parameters inside bounds: the national value beside, the effect on an example case, from a day on, taken back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access import changes
from kiban.access.changes import SettingRefused
from kiban.cases.trial import effect
from kiban.definitions import body_settings
from kiban.definitions.body_settings import Setting
from kiban.kernel.definitions.difference import parameter_words
from kiban.ops import clock
from kiban.web.admin.common import page, place_to_set
from kiban.web.forms.posted import storable
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, staff_only


@require_safe
@staff_only
def parameters(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Every parameter: what holds nationally, what the body has set, what is to come."""
    place, _user = place_to_set(request, body, service)
    found = body_settings.settings(place.compiled, body, clock.today())
    context = {
        "open": [item for item in found if item.codec.parameter.vary is not None],
        "fixed": [item for item in found if item.codec.parameter.vary is None],
    }
    return page(request, place, "settings", context, template="web/admin/parameters.html")


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def parameter(request: HttpRequest, body: str, service: str, name: str) -> HttpResponse:
    """One parameter: its bounds, a new value, what it would do, and what was set before."""
    place, user = place_to_set(request, body, service)
    setting = next(
        (s for s in body_settings.settings(place.compiled, body, clock.today()) if s.name == name), None
    )
    if setting is None or setting.codec.parameter.vary is None:
        raise Http404
    if request.method != "POST":
        return _show(request, place, setting, {})
    here = HttpResponseRedirect(reverse("settings-parameter", args=[body, service, name]))
    try:
        if "undo" in request.POST:
            start = changes.day("from", request.POST["undo"])
            assert start is not None
            body_settings.undo_parameter(service, body, name, start, user, _("taken back on the page"))
            messages.success(request, _("The coming value has been taken back."))
            return here
        raw = _raw(request, setting)
        if request.POST.get("do") == "save":
            body_settings.set_parameter(
                place.compiled,
                body,
                name,
                raw,
                request.POST.get("from"),
                user,
                storable(request.POST.get("why", "")),
            )
            messages.success(request, _("The value has been set."))
            return here
        value, problems = setting.codec.read_varied(raw, clock.today())
        if problems:
            raise SettingRefused(*problems)
        shown = {
            "tried": parameter_words(setting.codec, value),
            "effect": effect(place.compiled, body, name, value, str(user.id)), "asked": True,
        }  # fmt: skip
        return _show(request, place, setting, shown)
    except LookupError:
        return here
    except SettingRefused as refused:
        return _show(request, place, setting, {}, refused)


def _raw(request: HttpRequest, setting: Setting) -> object:
    if setting.codec.parameter.type == "subset":
        return [storable(value) for value in request.POST.getlist("value")]
    return storable(request.POST.get("value", ""))


def _show(
    request: HttpRequest,
    place: Place,
    setting: Setting,
    more: dict[str, Any],
    refused: SettingRefused | None = None,
) -> HttpResponse:
    context = {
        "setting": setting, "choices": _choices(request, place, setting), "vary": setting.codec.parameter.vary,
        "value": request.POST.get("value", ""), "today": clock.today(),
        "history": [_line(setting, row) for row in changes.history(place.body.code, place.slug, name=setting.name)],
        **more,
    }  # fmt: skip
    return page(
        request, place, "settings", context, refused.problems if refused else (), "web/admin/parameter.html"
    )


def _choices(request: HttpRequest, place: Place, setting: Setting) -> list[tuple[str, str, bool]]:
    """The values to choose from: (value, words, chosen), for what is not typed."""
    word = setting.codec.parameter
    chosen = set(request.POST.getlist("value")) if request.method == "POST" else _held(place, setting)
    if word.type == "yes_no":
        return [("true", _("Yes"), "true" in chosen), ("false", _("No"), "false" in chosen)]
    if word.type not in ("choice", "subset"):
        return []
    items = place.compiled.service.codes[word.codes].items if word.codes else word.options or {}
    codes = word.vary.codes if word.vary is not None else None
    return [
        (code, item.label.text(language()), code in chosen)
        for code, item in items.items()
        if codes is None or code in codes
    ]


def _held(place: Place, setting: Setting) -> set[str]:
    """What holds now, as the page's inputs say it."""
    from kiban.definitions.parameters import resolve

    value = resolve(place.compiled, place.body.code, clock.today())[setting.name]
    stored = None if value is None else setting.codec.codec.to_json(value)
    if isinstance(stored, bool):
        return {"true" if stored else "false"}
    return set(stored) if isinstance(stored, list) else {str(stored)}


def _line(setting: Setting, row: Any) -> dict[str, Any]:
    return {
        "row": row, "after": setting.words(row.after) if row.kind == "parameter" else None,
        "before": setting.words(row.before) if row.before is not None else None,
    }  # fmt: skip
