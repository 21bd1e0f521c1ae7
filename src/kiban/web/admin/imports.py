"""A body's ledgers: the workbook to fill in, sending it, what is wrong in which cell, the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access.models import User
from kiban.imports import template, uploads, workbook
from kiban.imports.models import (
    CANCELLED,
    CHECKED,
    DONE,
    KNOWN,
    READ,
    REFUSED,
    RIGHT,
    RUNNING,
    TAKEN,
    WRONG,
    Upload,
)
from kiban.imports.workbook import Unreadable
from kiban.kernel.definitions.model import Label
from kiban.kernel.imports import CompiledImport, imports_of
from kiban.kernel.problems import INVALID, REQUIRED, Problem
from kiban.web.admin.common import page, place_to_set
from kiban.web.forms.posted import storable
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, staff_only

_SHOWN = 200  # wrong rows and new cases that a page lists; the workbook has all


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def imports(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """What can be brought along, sending a file, and what was sent before."""
    place, user = place_to_set(request, body, service)
    items = imports_of(place.compiled)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        item = _able(place, items.get(request.POST.get("import", "")))
        sent = request.FILES.get("file")
        try:
            if sent is None:
                raise _Nothing
            content = sent.read(workbook.LIMIT + 1)
            upload = uploads.take(item, body, user, storable(sent.name or ""), content)
            return HttpResponseRedirect(reverse("settings-import", args=[body, service, upload.id]))
        except _Nothing:
            message = Label(ja="ファイルを選んでください。", en="Please choose a file.")
            problems = (Problem(f"file-{item.word.name}", REQUIRED, message),)
        except Unreadable as unreadable:
            problems = (Problem(f"file-{item.word.name}", INVALID, unreadable.message),)
    labels = {name: item.word.label.text(language()) for name, item in items.items()}
    context = {
        "items": [(item, _may(place, item)) for item in items.values()],
        "sent": [(upload, labels.get(upload.name, upload.name)) for upload in uploads.listed(body, service)],
    }
    return page(request, place, "settings-imports", context, problems)


class _Nothing(Exception):
    """No file was chosen."""


def _may(place: Place, item: CompiledImport) -> bool:
    return bool(place.actor.roles & set(item.action.action.roles))


def _able(place: Place, item: CompiledImport | None) -> CompiledImport:
    if item is None:
        raise Http404
    if not _may(place, item):
        raise PermissionDenied
    return item


@require_safe
@staff_only
def blank(request: HttpRequest, body: str, service: str, name: str) -> HttpResponse:
    """The workbook of an import, to fill in."""
    place, _user = place_to_set(request, body, service)
    item = imports_of(place.compiled).get(name)
    if item is None:
        raise Http404
    return _workbook(template.workbook(item, language()), f"{service}-{name}.xlsx")


def _workbook(content: bytes, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=template.TYPE)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def one(request: HttpRequest, body: str, service: str, upload: UUID) -> HttpResponse:
    """One file that was sent: how far it is, what is wrong, what became of it."""
    place, user = place_to_set(request, body, service)
    found, item = _found(place, upload)
    if request.method == "POST":
        return _decided(request, place, user, found)
    if request.headers.get("HX-Request"):
        return render(request, "web/admin/import-state.html", _context(place, found, item))
    return page(
        request, place, "settings-imports", _context(place, found, item), template="web/admin/import.html"
    )


def _found(place: Place, upload: UUID) -> tuple[Upload, CompiledImport | None]:
    found = uploads.find(place.body.code, place.slug, upload)
    if found is None:
        raise Http404
    return found, imports_of(place.compiled).get(found.name)


def _decided(request: HttpRequest, place: Place, user: User, found: Upload) -> HttpResponse:
    do = request.POST.get("do", "")
    try:
        if do in ("confirm", "confirm-right"):
            _able(place, imports_of(place.compiled).get(found.name))
            uploads.confirm(found, user, only_right=do == "confirm-right")
            messages.success(request, _("The rows are being taken."))
        elif do == "cancel":
            uploads.cancel(found, user)
            messages.success(request, _("The file has been given up. Nothing was taken."))
    except uploads.WrongState:
        messages.error(request, _("This is not possible any more. Please look at how it stands now."))
    return HttpResponseRedirect(reverse("settings-import", args=[place.body.code, place.slug, found.id]))


def _context(place: Place, found: Upload, item: CompiledImport | None) -> Mapping[str, Any]:
    stands = uploads.counts(found)
    labels = {column.name: column.label for column in item.columns} if item is not None else {}
    lines = [
        (row, [(problem, labels.get(problem["column"])) for problem in row.problems])
        for row in uploads.wrong(found, _SHOWN)
    ]
    done = (
        stands.of(TAKEN, KNOWN, REFUSED) if found.state in (RUNNING, DONE) else stands.of(RIGHT, WRONG, KNOWN)
    )
    return {
        "place": place, "upload": found, "label": item.word.label if item is not None else Label(ja=found.name),
        "lines": lines, "more": max(0, stands.of(WRONG, REFUSED) - _SHOWN), "right": stands.of(RIGHT),
        "wrong_rows": stands.of(WRONG), "refused": stands.of(REFUSED), "known": stands.of(KNOWN),
        "taken": stands.of(TAKEN), "done": done,
        "whole": stands.of(RIGHT, TAKEN, KNOWN, REFUSED) if found.state == RUNNING else found.rows,
        "cases": uploads.taken(found, _SHOWN) if found.state in (RUNNING, DONE) else [],
        "waits": found.state in (READ, RUNNING), "is_checked": found.state == CHECKED,
        "is_done": found.state == DONE, "is_cancelled": found.state == CANCELLED, "is_running": found.state == RUNNING,
    }  # fmt: skip


@require_safe
@staff_only
def corrections(request: HttpRequest, body: str, service: str, upload: UUID) -> HttpResponse:
    """The wrong rows as a workbook, with what is wrong beside each: to be corrected and sent again."""
    place, _user = place_to_set(request, body, service)
    found, item = _found(place, upload)
    if item is None or not uploads.wrong(found, 1):
        raise Http404
    return _workbook(uploads.corrected(item, found, language()), f"{service}-{found.name}-corrections.xlsx")
