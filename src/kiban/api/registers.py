"""Registries and figures: what a body keeps, and its counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from kiban.access.actors import actor_for, sees_body, sees_figures
from kiban.access.scope import scope
from kiban.api import shapes
from kiban.api.acting import ROOT
from kiban.api.answers import answer, label, not_found
from kiban.api.auth import Caller, caller
from kiban.api.cases import bad_cursor
from kiban.api.catalogue import current
from kiban.api.reading import known_body
from kiban.cases import queries as case_queries
from kiban.cases.paging import BadCursor
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.figures import figure as count_figure
from kiban.ops import clock
from kiban.registries import queries
from kiban.registries.models import Record

router = Router(auth=Caller(), tags=["registries"])
_BASE = "/bodies/{body}/services/{service}"


@router.get(
    _BASE + "/registries/{registry}/records",
    response={200: shapes.RecordPage, **shapes.PROBLEMS},
    summary="Records of a registry",
)
def records(
    request: HttpRequest,
    body: str,
    service: str,
    registry: str,
    q: str = Query("", max_length=100, description="A part of the key, or a searchable field"),
    limit: int = Query(100, ge=1, le=500),
    cursor: str = Query("", max_length=1000),
) -> HttpResponse:
    """Records in the natural order of their keys. Follow `next` until it is null."""
    with _registry(request, body, service, registry) as compiled:
        try:
            page = queries.records(compiled, registry, text=q, limit=limit, cursor=cursor or None)
        except (BadCursor, ValidationError, ValueError):
            raise bad_cursor() from None
        return answer({"items": [_record(row) for row in page.rows], "next": page.next})


@router.get(
    _BASE + "/registries/{registry}/records/{key}",
    response={200: shapes.RecordItem, **shapes.PROBLEMS},
    summary="One record",
)
def record(request: HttpRequest, body: str, service: str, registry: str, key: str) -> HttpResponse:
    """A record as it is now."""
    with _registry(request, body, service, registry) as compiled:
        found = queries.record(compiled, registry, key)
        if found is None:
            raise not_found()
        return answer(_record(found))


@router.get(
    _BASE + "/registries/{registry}/records/{key}/history",
    response={200: list[shapes.RecordVersionItem], **shapes.PROBLEMS},
    summary="The versions of a record",
)
def history(request: HttpRequest, body: str, service: str, registry: str, key: str) -> HttpResponse:
    """Every version of a record, newest first, with the case that made it."""
    with _registry(request, body, service, registry) as compiled:
        found = queries.history(compiled, registry, key)
        if not found:
            raise not_found()
        return answer(
            [
                {
                    "version": row.version,
                    "data": row.data,
                    "valid_from": row.valid_from,
                    "recorded_at": row.recorded_at,
                    "case": f"{ROOT}/bodies/{body}/cases/{row.case_id}",
                }
                for row in found
            ]
        )


@router.get(
    _BASE + "/figures/{figure}",
    response={200: dict[str, Any], **shapes.PROBLEMS},
    summary="A figure of the body",
)
def figure(request: HttpRequest, body: str, service: str, figure: str) -> HttpResponse:
    """Counts of a body's records: `total`, `months`, `by`. For roles that reach the body or its figures."""
    known_body(body)
    _edition, compiled = current(service)
    user = caller(request)
    actor = actor_for(user, body, compiled.service, on=clock.today())
    word = compiled.service.figures.get(figure)
    if word is None or not sees_figures(compiled.service, actor):
        raise not_found()
    with scope(body, viewer=str(user.id)):
        counted = count_figure(compiled, word, queries.rows_of(compiled, word.registry))
        case_queries.log_access("figure")
    return answer({"name": word.name, "label": label(word.label), "data": counted})


@contextmanager
def _registry(request: HttpRequest, body: str, service: str, registry: str) -> Iterator[CompiledService]:
    """The scope of a body whose registries the caller may read; else ApiProblem 404."""
    known_body(body)
    _edition, compiled = current(service)
    user = caller(request)
    actor = actor_for(user, body, compiled.service, on=clock.today())
    if registry not in compiled.registries or not sees_body(compiled.service, actor):
        raise not_found()
    with scope(body, viewer=str(user.id)):
        case_queries.log_access("registry")
        yield compiled


def _record(row: Record) -> dict[str, Any]:
    return {"key": row.key, "data": row.data, "version": row.version, "updated_at": row.updated_at}
