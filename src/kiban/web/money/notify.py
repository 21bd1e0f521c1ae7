"""Where the provider says what became of a payment: signed, from server to server."""

from __future__ import annotations

import logging

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from kiban.money import orders, port
from kiban.money.port import NotAuthentic

_log = logging.getLogger("kiban.money")
_LONGEST = 64 * 1024


@csrf_exempt
@require_POST
def notify(request: HttpRequest) -> HttpResponse:
    """204 when it was taken (also when it was said before), 401 when it is not the provider's, 404 when not known.

    Anything else makes the provider say it again.
    """
    provider = port.adapter()
    if provider is None:
        return HttpResponse(status=404)
    content = request.body
    if len(content) > _LONGEST:
        return HttpResponse(status=413)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        said = provider.read(headers, content)
    except NotAuthentic as refused:
        _log.warning("a notification was refused", extra={"reason": refused.reason})
        return HttpResponse(status=401)
    return HttpResponse(status=404 if orders.receive(said).word == "unknown" else 204)
