"""The product's routes, and the peer: the same framework, sign-in and middleware, one row of JSON."""

from __future__ import annotations

import orjson
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from uuid_utils.compat import uuid7

from kiban.api.answers import answer
from kiban.api.auth import Caller, caller
from kiban.api.reading import StrictParser, body_of
from kiban.ops.urls import urlpatterns as product

peer = NinjaAPI(urls_namespace="bench", openapi_url=None, docs_url=None, parser=StrictParser(), auth=Caller())


@peer.post("/rows")
def row(request: HttpRequest) -> HttpResponse:
    """One INSERT, committed and durable."""
    said, made = body_of(request), str(uuid7())
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_row (id, owner, data) VALUES (%s, %s, %s::jsonb)",
            [made, str(caller(request).id), orjson.dumps(said).decode()],
        )
    return answer({"id": made}, 201)


urlpatterns = [path("bench/", peer.urls), *product]
