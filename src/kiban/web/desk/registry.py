"""Registries (台帳) on the desk: the list, one record with its history, and the procedures that change them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access.actors import sees_body
from kiban.access.scope import scope
from kiban.cases.paging import BadCursor
from kiban.cases.queries import log_access
from kiban.kernel.definitions.model import Registry
from kiban.registries import queries
from kiban.web import display
from kiban.web.desk.inbox import tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, staff_only

_PAGE = 50
_LONGEST_QUERY = 100


def _registry(place: Place, name: str) -> Registry:
    """The registry, for those whose role reaches the body. Raises Http404."""
    found = place.compiled.service.registries.get(name)
    if found is None or not sees_body(place.compiled.service, place.actor):
        raise Http404
    return found


def _crumbs(place: Place, word: Registry, name: str, key: str = "") -> list[tuple[str, str]]:
    label = place.title(language())
    args = [place.body.code, place.slug]
    found = [
        (_("Staff desk"), reverse("desk")), (label, reverse("desk-inbox", args=args)),
        (word.label.text(language()), reverse("desk-registry", args=[*args, name])),
    ]  # fmt: skip
    return [*found, (key, "")] if key else found


@require_safe
@staff_only
def registry(request: HttpRequest, body: str, service: str, registry: str) -> HttpResponse:
    """The records of a registry, with search and a filter on its first listed choice."""
    place = place_of(request, body, service)
    word, codecs = _registry(place, registry), place.compiled.registries[registry].codecs
    query = request.GET.get("q", "").strip()[:_LONGEST_QUERY]
    field = next((name for name in word.columns if word.fields[name].type == "choice"), None)
    value = request.GET.get("value", "")[:100] if field else ""
    arguments: dict[str, Any] = {
        "text": query, "where": {field: value} if field and value else None, "limit": _PAGE,
    }  # fmt: skip
    with scope(body, viewer=place.actor.id):
        log_access("registry")
        counts = queries.counts(place.compiled, registry, field) if field else {}
        try:
            page = queries.records(
                place.compiled, registry, **arguments, cursor=request.GET.get("cursor") or None
            )
        except BadCursor:
            page = queries.records(place.compiled, registry, **arguments)
    names = word.columns or tuple(word.fields)[:5]
    said = {name: text for name, text in (("q", query), ("value", value)) if text}
    context = {
        "place": place, "tabs": tabs(place, f"registry:{registry}"), "word": word, "name": registry,
        "query": query, "value": value, "filter_field": word.fields[field] if field else None,
        "choices": [(code, codecs[field].display(code, language()), n) for code, n in counts.items()] if field else [],
        "columns": [word.fields[name] for name in names],
        "records": [(row, _cells(place, registry, names, row.data)) for row in page.rows],
        "next_url": f"?{urlencode({**said, 'cursor': page.next})}" if page.next else "",
        "first_url": f"?{urlencode(said)}" if request.GET.get("cursor") else "",
        "changes": _changes(place, word, ""), "crumbs": _crumbs(place, word, registry), "filtered": bool(said),
    }  # fmt: skip
    return render(request, "web/desk/registry.html", context)


def _cells(place: Place, registry: str, names: Any, data: Any) -> list[tuple[Any, str]]:
    compiled = place.compiled.registries[registry]
    values = compiled.from_json(data)
    return [
        (place.compiled.service.registries[registry].fields[name],
         display.line(compiled.codecs[name], name, values[name], {}, language()).text if name in values else "")
        for name in names
    ]  # fmt: skip


def _changes(place: Place, word: Registry, key: str) -> list[tuple[str, Any, dict[str, str]]]:
    """The buttons: (url, label, values to begin with). For one record its key is filled in."""
    found = []
    for change in word.changes.values():
        procedure = place.compiled.procedures.get(change.procedure)
        action = procedure.procedure.actions.get(change.action) if procedure else None
        if action is None or not action.opens or not place.actor.roles & set(action.roles):
            continue
        preset = {f"set.{name}": value for name, value in change.preset.items()}
        if change.keys_field and key:
            preset[f"set.{change.keys_field}"] = key
        url = reverse("desk-new", args=[place.body.code, place.slug, change.procedure])
        found.append((url, change.label, preset))
    return found


@require_safe
@staff_only
def record(request: HttpRequest, body: str, service: str, registry: str) -> HttpResponse:
    """One record (`?key=`): its values, its history with the cases behind it, and what can be done with it."""
    place = place_of(request, body, service)
    word, key = _registry(place, registry), request.GET.get("key", "")[:200]
    with scope(body, viewer=place.actor.id):
        log_access("registry")
        row = queries.record(place.compiled, registry, key)
        versions = queries.history(place.compiled, registry, key) if row is not None else []
    if row is None:
        raise Http404
    context = {
        "place": place, "tabs": tabs(place, f"registry:{registry}"), "word": word, "row": row,
        "cells": [(field, text) for field, text in _cells(place, registry, tuple(word.fields), row.data) if text],
        "versions": [
            (version, [(f, t) for f, t in _cells(place, registry, tuple(word.fields), version.data) if t])
            for version in versions
        ],
        "changes": _changes(place, word, key), "crumbs": _crumbs(place, word, registry, key),
    }  # fmt: skip
    return render(request, "web/desk/record.html", context)
