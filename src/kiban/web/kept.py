"""What somebody typed is carried along when it can't be taken yet: through signing in, and when the language changes.

It goes from page to page in the form itself and is not stored: only the browser of the one who typed it holds it. While
somebody is away at an identity provider it waits sealed, and the browser holds the key (kiban.web.underway).
Pages that keep a draft, or show what they would do, get it back as it was typed and do nothing else with it; any
other form waits until its person presses the button again. Chosen files can't be carried and are named instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from kiban.web.forms.posted import storable

NAME = "kept"
_TOKEN = "csrfmiddlewaretoken"  # noqa: S105 — the name of a field
_MOST = 5_000  # fields
_SHOWN_AGAIN = frozenset({"draft", "my-case-act", "desk-case-act"})
_SECRET = frozenset({"password", "again", "token"})
_BUTTONS = frozenset({"do", "take"})


@dataclass(frozen=True)
class Kept:
    """A form that was sent: where to, its fields in order, the names of chosen files."""

    to: str
    fields: tuple[tuple[str, str], ...]
    files: tuple[str, ...] = field(default=())

    @property
    def shown_again(self) -> bool:
        """Whether its page takes what was typed without doing anything."""
        return resolve(self.to.partition("?")[0]).url_name in _SHOWN_AGAIN

    def text(self) -> str:
        return json.dumps({"to": self.to, "fields": self.fields, "files": self.files}, ensure_ascii=False)


def text_of(request: HttpRequest) -> str:
    """What this request brings along or has just sent, as the text of a hidden field; empty for none."""
    found = carried(request)
    if found is None and request.method == "POST" and not request.headers.get("HX-Request"):
        found = sent(request)
    return found.text() if found is not None else ""


def sent(request: HttpRequest) -> Kept:
    """The form of a POST, without its token and passwords."""
    left_out = {_TOKEN, NAME, *_SECRET}
    fields = tuple((n, value) for n, values in request.POST.lists() if n not in left_out for value in values)
    files = tuple(storable(file.name or "")[:200] for _name, many in request.FILES.lists() for file in many)
    return Kept(request.get_full_path(), fields, files)


def carried(request: HttpRequest) -> Kept | None:
    """What a form carries along; None for nothing, and for what no page of ours has written."""
    return read(request, request.POST.get(NAME, "") if request.method == "POST" else "")


def read(request: HttpRequest, text: str) -> Kept | None:
    """As `carried`, from the text of a hidden field."""
    try:
        said = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, Mapping) or not _ours(request, said.get("to")):
        return None
    fields, files = said.get("fields"), said.get("files") or []
    if not isinstance(fields, list) or len(fields) > _MOST or not isinstance(files, list):
        return None
    pairs = tuple((one[0], one[1]) for one in fields if _is_pair(one) and one[0] not in (_TOKEN, NAME))
    return Kept(str(said["to"]), pairs, tuple(str(name)[:200] for name in files[:20]))


def resume(request: HttpRequest) -> HttpResponse | None:
    """The page from which what was carried along goes on to its own page; None when nothing was."""
    found = carried(request)
    return again(request, found) if found is not None else None


def again(request: HttpRequest, found: Kept) -> HttpResponse:
    """As `resume`, for what is known."""
    fields = found.fields
    if found.shown_again:
        fields = (*((name, value) for name, value in fields if name not in _BUTTONS), ("do", "save"))
    context: dict[str, Any] = {
        "kept_form": found, "fields": fields, "crumbs": [(_("Home"), reverse("home")), (_("Go on"), "")],
    }  # fmt: skip
    return render(request, "web/kept.html", context)


def _ours(request: HttpRequest, to: object) -> bool:
    """An address of this site that exists."""
    if not isinstance(to, str) or not to.startswith("/") or len(to) > 4_000:
        return False
    if not url_has_allowed_host_and_scheme(to, {request.get_host()}, require_https=request.is_secure()):
        return False
    try:
        resolve(to.partition("?")[0])
    except Resolver404:
        return False
    return True


def _is_pair(one: object) -> bool:
    return isinstance(one, list) and len(one) == 2 and all(isinstance(part, str) for part in one)
