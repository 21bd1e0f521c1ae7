"""A draft that can't go on, because its procedure, edition or case is gone: what was typed is shown to be copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from kiban.access import bodies
from kiban.access.models import User
from kiban.cases.models import Draft
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Field, Label
from kiban.web.forms.posted import is_blank
from kiban.web.forms.widgets import as_text
from kiban.web.templatetags.kiban import language


def procedure_of(draft: Draft) -> CompiledProcedure | None:
    """The procedure as it was when the draft was begun; None when nobody knows it any more."""
    try:
        return editions.get(draft.edition).procedures.get(draft.procedure)
    except editions.UnknownService:
        return None


def label_of(draft: Draft) -> Label:
    """What the draft is of, in words."""
    found = procedure_of(draft)
    if found is not None:
        return found.procedure.label
    return Label(ja="終了した手続", en="A procedure that has ended")


def page(request: HttpRequest, user: User, draft: Draft) -> HttpResponse:
    """Says that the draft can't go on; lets its person copy what was typed, and delete it."""
    lines = list(_lines(draft))
    home = ("my", _("My page")) if user.kind == "party" else ("desk", _("Staff desk"))
    context: dict[str, Any] = {
        "draft": draft, "label": label_of(draft), "lines": lines,
        "body": bodies.row(draft.target) if bodies.exists(draft.target) else None,
        "text": "\n".join(f"{label}\t{text}" for label, text in lines),
        "crumbs": [(home[1], reverse(home[0])), (label_of(draft).text(language()), "")],
    }  # fmt: skip
    return render(request, "web/wizard/leftover.html", context)


def _lines(draft: Draft) -> Iterator[tuple[str, str]]:
    """(name of the field, what was typed) in the order of the form, then what no form knows."""
    raw = draft.data.get("raw") or {}
    procedure, fields = procedure_of(draft), dict[str, Field]()
    if procedure is not None and draft.action in procedure.actions:
        fields = {name: item.field for name, item in procedure.actions[draft.action].fields.items()}
    for name in [*fields, *(name for name in raw if name not in fields)]:
        if not is_blank(raw.get(name)):
            yield from _said(fields.get(name), name, raw[name])


def _said(field: Field | None, name: str, value: Any) -> Iterator[tuple[str, str]]:
    label = field.label.text(language()) if field is not None else name
    if isinstance(value, list) and any(isinstance(row, Mapping) for row in value):
        for number, row in enumerate(value, start=1):
            for part, one in row.items() if isinstance(row, Mapping) else ():
                inner = field.fields.get(part) if field is not None else None
                if not is_blank(one):
                    words = inner.label.text(language()) if inner else part
                    yield f"{label} {number} {words}", _words(inner, one)
    else:
        yield label, _words(field, value)


def _words(field: Field | None, value: Any) -> str:
    """What was typed; a chosen code by its label, a file by its name."""
    if isinstance(value, Mapping) and value.get("sha256"):
        return str(value.get("name") or "")
    text = as_text(value)
    options = field.options if field is not None else None
    return options[text].label.text(language()) if options and text in options else text
