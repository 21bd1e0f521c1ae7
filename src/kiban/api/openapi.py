"""The OpenAPI document: ninja's own, and one JSON Schema for each form of each current edition."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from kiban.api import forms
from kiban.api.app import api
from kiban.definitions import editions
from kiban.ops import clock

_ACTS = {
    "open": "/api/v1/bodies/{body}/services/{service}/procedures/{procedure}/cases",
    "act": "/api/v1/bodies/{body}/cases/{case}/acts/{action}",
}


@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """GET /api/v1/openapi.json: made anew only when an edition comes into force."""
    today = clock.today()
    content, etag = _document(tuple(editions.current_id(slug, today) for slug in editions.services(today)))
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    return HttpResponse(
        content,
        content_type="application/json",
        headers={"ETag": etag, "Cache-Control": "public, max-age=60"},
    )


@lru_cache(maxsize=8)
def _document(current: tuple[str, ...]) -> tuple[bytes, str]:
    schema: dict[str, Any] = dict(api.get_openapi_schema(path_prefix="api/v1/"))
    schema["servers"] = [{"url": settings.BASE_URL}]
    schema["components"].setdefault("securitySchemes", {})["Bearer"] = {"type": "http", "scheme": "bearer"}
    names = list[str]()
    for edition in current:
        found = forms.components(edition, settings.BASE_URL)
        schema["components"].setdefault("schemas", {}).update(found)
        names.extend(found)
    _point(schema["paths"], names)
    content = orjson.dumps(schema, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _point(paths: dict[str, Any], names: list[str]) -> None:
    """`data` of an act is one of the forms."""
    forms_of = [{"$ref": f"#/components/schemas/{name}"} for name in sorted(names)]
    for path in _ACTS.values():
        body = paths.get(path, {}).get("post", {}).get("requestBody")
        if body is None or not forms_of:
            continue
        media = body["content"]["application/json"]
        media["schema"] = {
            "allOf": [media["schema"], {"type": "object", "properties": {"data": {"anyOf": forms_of}}}]
        }
