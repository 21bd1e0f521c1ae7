"""Routes below /api/."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, path, re_path

from kiban.api import openapi
from kiban.api.answers import ApiProblem, not_found, problem_answer
from kiban.api.app import api
from kiban.kernel.definitions.model import Label

View = Callable[..., HttpResponseBase]


def _spoken(view: View) -> View:
    """A wrong method is a problem document too."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        found = view(request, *args, **kwargs)
        if found.status_code != 405:
            return found
        allowed = found.headers.get("Allow", "")
        detail = Label(ja=f"使える方法は {allowed} です。", en=f"Allowed: {allowed}.")
        return problem_answer(
            request, ApiProblem(405, "method_not_allowed", detail, headers={"Allow": allowed})
        )

    return answered


def _routes() -> list[URLPattern]:
    found = [pattern for pattern in api.urls[0] if isinstance(pattern, URLPattern)]
    patterns = [pattern for pattern in found if pattern.name != "api-root"]  # nothing stands there
    for pattern in patterns:
        pattern.callback = _spoken(pattern.callback)
    return patterns


urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/openapi.json", _spoken(openapi.document)),
    path("v1/", (_routes(), api.urls[1], api.urls[2])),  # type: ignore[arg-type]
    re_path(r"^.*\Z", lambda request: problem_answer(request, not_found())),
]
