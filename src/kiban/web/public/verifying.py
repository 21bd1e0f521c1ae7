"""確認: whether a document was issued here, still stands, and is the file that was issued. For everybody."""

from __future__ import annotations

import re
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.cases.numbers import as_typed
from kiban.documents import checking
from kiban.documents.checking import Compared, Known
from kiban.kernel.text import to_halfwidth_code

_NUMBER = re.compile(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}\Z")
_LAST = 16  # characters of a code without its hyphens


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Type the number of a document, or send its file."""
    if request.method == "POST":
        return _file(request, None)
    typed = request.GET.get("number", "")[:100]
    if not typed.strip():
        return _page(request, {})
    body, code = _read(typed)
    if _NUMBER.match(code) and re.fullmatch(r"[a-z0-9-]{1,40}", body):
        return HttpResponseRedirect(reverse("verify-document", args=[body, code]))
    wrong = _("Type the whole number as it is printed, for example 131229-7K3M-9QTV-4DAB-CDEF.")
    return _page(request, {"typed": typed, "number_problem": wrong})


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, body: str, code: str) -> HttpResponse:
    """What is known of the document of this number; a file can be compared with it."""
    known = checking.by_code(body, as_typed(code))
    if known is None:
        wrong = _("No document with this number was issued here. Please compare it with the paper.")
        return _page(request, {"typed": f"{body}-{code}"[:100], "number_problem": wrong}, status=404)
    if request.method == "POST":
        return _file(request, known)
    return _page(request, {"known": known})


def _read(typed: str) -> tuple[str, str]:
    """Body and code of a number as somebody typed it: with or without hyphens, in any width and case."""
    plain = re.sub(r"\s", "", to_halfwidth_code(typed))
    at, left = len(plain), _LAST
    while at and left:
        at -= 1
        left -= plain[at] != "-"
    return plain[:at].strip("-").lower(), as_typed(plain[at:])


def _file(request: HttpRequest, known: Known | None) -> HttpResponse:
    sent = request.FILES.get("file")
    wrong = _wrong(sent)
    if wrong:
        return _page(request, {"known": known, "file_problem": wrong})
    assert isinstance(sent, UploadedFile)
    content = sent.read(checking.LIMIT + 1)
    compared = checking.compare(known, content) if known else checking.by_file(content)
    if compared is None:
        return _page(request, {"stranger": True})
    return _page(request, {"known": compared.known, "compared": compared})


def _wrong(sent: Any) -> str:
    if sent is None or not sent.size:
        return _("Please choose a PDF file that is not empty.")
    if sent.size > checking.LIMIT:
        return _("The file is larger than 10 MB. Documents issued here are smaller.")
    if not sent.read(5).startswith(b"%PDF-"):
        return _("This is not a PDF file. Please choose the file as you received it.")
    sent.seek(0)
    return ""


def _page(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    known, compared = context.get("known"), context.get("compared")
    crumbs = [(_("Home"), reverse("home")), (_("Verify a document"), "")]
    if known is not None:
        crumbs[1:] = [(_("Verify a document"), reverse("verify")), (_("Result"), "")]
    verdict = _verdict(known, compared) if known is not None else ""
    whole = {"crumbs": crumbs, "verdict": verdict, **context}
    return render(request, "web/public/verify.html", whole, status=status)


def _verdict(known: Known, compared: Compared | None) -> str:
    """The worst of what is known: an altered file of a document that stands is altered."""
    if compared is not None and compared.file not in ("same", "unsigned"):
        return compared.file
    return known.row.standing
