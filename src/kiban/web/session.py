"""How long the session still lasts, asked by the script that warns before its end; and going on."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.views.decorators.http import require_http_methods
from django.views.i18n import set_language

from kiban.access import sessions
from kiban.web import kept
from kiban.web.viewer import user_of


@require_http_methods(["GET", "HEAD", "POST"])
def session(request: HttpRequest) -> HttpResponse:
    """`{"seconds", "extendable"}`, 0 seconds for somebody who is signed out. POST makes the session last longer."""
    if request.method == "POST" and user_of(request) is not None:
        sessions.go_on(request)
    found = sessions.left(request)
    return JsonResponse(
        {
            "seconds": found.seconds if found is not None else 0,
            "extendable": found is not None and found.extendable,
        }
    )


@require_http_methods(["POST"])
def language(request: HttpRequest) -> HttpResponse:
    """Sets the language, and goes back to the page; what was typed there is carried along."""
    chosen: HttpResponse = set_language(request)
    if settings.LANGUAGE_COOKIE_NAME in chosen.cookies:
        translation.activate(chosen.cookies[settings.LANGUAGE_COOKIE_NAME].value)
    onward = kept.resume(request)
    if onward is None:
        return chosen
    onward.cookies.update(chosen.cookies)
    return onward
