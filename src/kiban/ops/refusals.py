"""What is answered when something went wrong: RFC 9457 below /api/, else a page in both languages.

No session and no database are asked, so that these answers can be given whatever is broken.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from html import escape

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import get_language_from_request

_CODES = {
    403: "not_allowed", 404: "not_found", 429: "too_many_requests", 500: "internal", 503: "unavailable",
}  # fmt: skip
_log = logging.getLogger("kiban.refusal")


@dataclass(frozen=True)
class Words:
    """What is told, in one language: what is the matter, and what to do now."""

    title: str
    help: str = ""


def refusal(
    request: HttpRequest, status: int, ja: Words | str, en: Words | str, *, retry_after: int = 0
) -> HttpResponse:
    """An answer with `status`. `retry_after` (seconds) says when to try again, in words of HTTP and on the page."""
    japanese, english = (Words(said) if isinstance(said, str) else said for said in (ja, en))
    if request.path.startswith("/api/"):
        answer = _problem(status, japanese, english)
    else:
        answer = HttpResponse(_page(request, status, japanese, english), status=status)
    if retry_after:
        answer["Retry-After"] = str(retry_after)
    return answer


def _problem(status: int, ja: Words, en: Words) -> HttpResponse:
    code = _CODES.get(status, "invalid")
    problem = {
        "type": f"urn:kiban:problem:{code}", "title": ja.title, "title_en": en.title, "status": status,
        "detail": "。".join(said for said in (ja.title, ja.help) if said), "code": code, "problems": [],
    }  # fmt: skip
    return HttpResponse(
        json.dumps(problem, ensure_ascii=False), status=status, content_type="application/problem+json"
    )


def _page(request: HttpRequest, status: int, ja: Words, en: Words) -> str:
    said = [("ja", ja), ("en", en)]
    if get_language_from_request(request).startswith("en"):
        said.reverse()
    try:
        return render_to_string("web/errors/error.html", {"status": status, "said": said})
    except Exception:  # static files may not be there yet: words alone are better than nothing
        _log.exception("the page for an error can't be drawn")
        return _bare(status, ja, en)


def _bare(status: int, ja: Words, en: Words) -> str:
    return (
        '<!doctype html><html lang="ja"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{status}</title><main><h1>{escape(ja.title)}</h1><p>{escape(ja.help)}</p>"
        f'<div lang="en"><p>{escape(en.title)}</p><p>{escape(en.help)}</p></div>'
        '<p><a href="/">トップページへ / Home</a></p></main></html>'
    )
