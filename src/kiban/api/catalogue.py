"""Services, their forms, and bodies: what anybody may ask."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from kiban.access import bodies, participation
from kiban.access.bodies_source import BodyRow
from kiban.api import forms, shapes
from kiban.api.answers import answer, label, not_found, tagged
from kiban.definitions import editions, local
from kiban.definitions.models import Edition
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.facts import ActorFacts
from kiban.ops import clock

router = Router(auth=None, tags=["catalogue"])
ROOT = "/api/v1"
_MISSING = {404: shapes.ProblemDocument}


@router.get("/services", response=list[shapes.ServiceShort], summary="Services in force")
def services(request: HttpRequest) -> HttpResponse:
    """Every service in force today."""
    return answer([_short(service) for service in editions.catalogue(clock.today())])


@router.get("/services/{slug}", response={200: shapes.ServiceFull, **_MISSING}, summary="One service")
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """A service with its editions, procedures, actions and registries."""
    edition, found = current(slug)
    return answer(
        {
            **_short(found),
            "edition": edition,
            "editions": _editions(slug),
            "procedures": [_procedure(item, edition) for item in found.procedures.values()],
            "registries": [
                {
                    "name": item.name,
                    "label": label(item.label),
                    "key": label(item.key),
                    "fields": {
                        name: field.json_schema()
                        for name, field in found.registries[item.name].codecs.items()
                    },
                }
                for item in found.service.registries.values()
            ],
            "figures": [
                {"name": item.name, "label": label(item.label)} for item in found.service.figures.values()
            ],
        }
    )


@router.get(
    "/services/{slug}/editions/{edition}/procedures/{procedure}/actions/{action}/schema",
    response={200: dict[str, Any], **_MISSING},
    summary="The JSON Schema of an action's form",
)
def schema(request: HttpRequest, slug: str, edition: str, procedure: str, action: str) -> HttpResponse:
    """JSON Schema 2020-12 of `data`; `edition` is an id, or `current`. It never changes for an edition's id."""
    if edition == "current":
        edition, found = current(slug)
    else:
        found = _edition(slug, edition)
    known = found.procedures.get(procedure)
    if known is None or action not in known.actions:
        raise not_found()
    made = forms.action_schema(known, action, edition, settings.BASE_URL)
    return tagged(request, made, content_type="application/schema+json")


@router.get("/bodies", response=list[shapes.BodyShort], summary="Find bodies")
def find_bodies(
    request: HttpRequest,
    q: str = Query(
        "", max_length=200, description="Any part of the name, its reading, a code or a postal code"
    ),
    limit: int = Query(50, ge=1, le=200),
) -> HttpResponse:
    """Bodies by any part of their name; best first."""
    return answer([body_json(row) for row in bodies.search(q, limit)])


@router.get("/bodies/{code}", response={200: shapes.BodyFull, **_MISSING}, summary="One body")
def body(request: HttpRequest, code: str) -> HttpResponse:
    """A body and how it takes part in each service today."""
    if not bodies.exists(code):
        raise not_found()
    today = clock.today()
    levels = {
        found.service.slug: participation.level(found.service, code, today)
        for found in editions.catalogue(today)
    }
    return answer({**body_json(bodies.row(code)), "participation": levels})


def current(slug: str) -> tuple[str, CompiledService]:
    """The edition of a service in force today. Raises ApiProblem 404."""
    try:
        edition = editions.current_id(slug, clock.today())
        return edition, editions.get(edition)
    except editions.UnknownService:
        raise not_found() from None


def with_local(edition: str, compiled: CompiledService, body: str, actor: ActorFacts) -> CompiledService:
    """The edition as a body asks it today: with its own fields, for its own people and for parties."""
    if actor.kind != "party" and actor.place != body:
        return compiled
    return local.edition(edition, body, clock.today())


def _edition(slug: str, edition: str) -> CompiledService:
    try:
        found = editions.get(edition)
    except editions.UnknownService:
        raise not_found() from None
    if found.service.slug != slug:
        raise not_found()
    return found


def body_json(row: BodyRow) -> dict[str, Any]:
    """A body as the API shows it; `prefecture` is the prefecture's name."""
    return {
        "code": row.code,
        "kind": row.kind,
        "name": row.name,
        "kana": row.kana,
        "name_en": row.name_en,
        "prefecture": row.prefecture_name,
    }


def _short(found: CompiledService) -> dict[str, Any]:
    word = found.service
    return {
        "slug": word.slug,
        "label": label(word.label),
        "description": label(word.description),
        "law": word.law,
        "ministry": word.ministry,
        "in_force": word.in_force,
        "href": f"{ROOT}/services/{word.slug}",
    }


def _editions(slug: str) -> list[dict[str, Any]]:
    rows = (
        Edition.objects.filter(service=slug)
        .order_by("in_force", "published_at")
        .only("id", "in_force", "published_at")
    )
    return [{"id": row.id, "in_force": row.in_force, "published_at": row.published_at} for row in rows]


def _procedure(found: CompiledProcedure, edition: str) -> dict[str, Any]:
    word, base = (
        found.procedure,
        f"{ROOT}/services/{found.service.slug}/editions/{edition}/procedures/{found.name}",
    )
    return {
        "name": word.name,
        "label": label(word.label),
        "help": label(word.help),
        "law": word.law,
        "pattern": word.pattern,
        "public": word.public,
        "states": [
            {"name": state.name, "label": label(state.label), "final": state.final}
            for state in word.states.values()
        ],
        "actions": [
            {
                "name": action.name,
                "label": label(action.label),
                "help": label(action.help),
                "roles": action.roles,
                "from": action.from_,
                "opens": action.opens,
                "law": action.law,
                "schema": f"{base}/actions/{action.name}/schema",
            }
            for action in word.actions.values()
        ],
    }
