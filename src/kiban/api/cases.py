"""Cases: opening, acting, trying out, looking."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from kiban.access.actors import actor_for
from kiban.access.scope import scope
from kiban.api import looking, shapes
from kiban.api.acting import act, opening_action
from kiban.api.answers import answer, not_allowed, not_found, problem_json, tagged, unreadable
from kiban.api.auth import Caller, caller
from kiban.api.catalogue import current, with_local
from kiban.api.reading import act_input, body_of, idempotency_key, known_body, text, uuid, whole
from kiban.cases import files, queries
from kiban.cases.facts import facts_for
from kiban.cases.paging import BadCursor, decode, encode
from kiban.cases.queries import CaseView
from kiban.cases.world import looking as looking_world
from kiban.documents import issue
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.forms import evaluate
from kiban.kernel.sight import sight
from kiban.ops import clock

router = Router(auth=Caller(), tags=["cases"])


@router.post(
    "/bodies/{body}/services/{service}/procedures/{procedure}/cases",
    response={201: shapes.ActAnswer, **shapes.PROBLEMS},
    summary="Open a case",
    openapi_extra=shapes.body_of(shapes.OpenBody) | shapes.KEY,
)
def open_case(request: HttpRequest, body: str, service: str, procedure: str) -> HttpResponse:
    """Opens a case with the data of its opening action. Needs an Idempotency-Key."""
    key, said = idempotency_key(request), body_of(request)
    data, reasons = act_input(said, ("action", "data", "reasons"))
    known_body(body)
    _edition, compiled = current(service)
    action = opening_action(compiled, procedure, text(said, "action"))
    actor = actor_for(caller(request), body, compiled.service, on=clock.today())
    return act(body, service, procedure, None, action, actor, data, reasons, key=key)


@router.post(
    "/bodies/{body}/cases/{case}/acts/{action}",
    response={200: shapes.ActAnswer, **shapes.PROBLEMS},
    summary="Act on a case",
    openapi_extra=shapes.body_of(shapes.ActBody) | shapes.KEY,
)
def act_on(request: HttpRequest, body: str, case: str, action: str) -> HttpResponse:
    """An act on a case. Needs an Idempotency-Key; `if_seq` refuses when the case has moved on."""
    key, said = idempotency_key(request), body_of(request)
    data, reasons = act_input(said, ("data", "reasons", "if_seq"))
    found = _visible(request, body, case)
    actor = actor_for(caller(request), body, found.compiled.service, on=clock.today())
    service = found.compiled.service.slug
    return act(body, service, None, case, action, actor, data, reasons, key=key, if_seq=whole(said, "if_seq"))


@router.post(
    "/bodies/{body}/services/{service}/procedures/{procedure}/actions/{action}/evaluate",
    response={200: shapes.Evaluation, **shapes.PROBLEMS},
    summary="Try an act out",
    openapi_extra=shapes.body_of(shapes.EvaluateBody),
)
def try_out(request: HttpRequest, body: str, service: str, procedure: str, action: str) -> HttpResponse:
    """What a form would say to this input: values, what is shown and required, problems. Nothing is stored."""
    said = body_of(request)
    data, reasons = act_input(said, ("data", "reasons", "case"))
    known_body(body)
    edition, compiled = current(service)
    case, state = text(said, "case"), None
    if case is not None:
        found = _visible(request, body, case)
        compiled, state = found.compiled, found.state
        if (compiled.service.slug, found.procedure.name) != (service, procedure):
            raise not_found()
    actor = actor_for(caller(request), body, compiled.service, on=clock.today())
    if state is None:
        compiled = with_local(edition, compiled, body, actor)
    known = compiled.procedures.get(procedure)
    if known is None or action not in known.actions:
        raise not_found()
    if not actor.roles & set(known.actions[action].action.roles):
        raise not_allowed()
    facts = facts_for(compiled, body, actor, clock.now(), state)
    with looking_world(body, compiled) as world:
        made = evaluate(known, action, data, facts, world, case=state, reasons=reasons)
    stored: dict[str, Any] = {}
    for name, value in sight(known, actor.roles).only(made.values).items():
        codec = known.codecs.get(name)
        if codec is not None:
            stored[name] = codec.to_json(value)
    return answer(
        {
            "values": {name: value for name, value in stored.items() if name not in known.codecs.computed},
            "computed": {name: value for name, value in stored.items() if name in known.codecs.computed},
            "shown": sorted(made.shown),
            "required": sorted(made.required),
            "problems": [problem_json(problem) for problem in made.problems],
        }
    )


@router.get(
    "/bodies/{body}/cases",
    response={200: shapes.CasePage, **shapes.PROBLEMS},
    summary="Cases of a body that the caller may see",
)
def cases(
    request: HttpRequest,
    body: str,
    service: str = Query("", max_length=64),
    procedure: str = Query("", max_length=64),
    state: str = Query("", max_length=64),
    q: str = Query("", max_length=100, description="受付番号, an exact code, or a part of a name"),
    final: bool | None = Query(None, description="true: closed ones, false: open ones; both when left out"),
    due_by: date | None = Query(None),  # noqa: B008
    limit: int = Query(50, ge=1, le=200),
    cursor: str = Query("", max_length=1000),
) -> HttpResponse:
    """Open ones first, the earliest due first. A party sees its own. Follow `next` until it is null."""
    known_body(body)
    user = caller(request)
    choices = looking.services_of(user, body)
    if service:
        choices = [item for item in choices if item.service.slug == service]
    choices, inner = _from_cursor(choices, cursor)
    items: list[dict[str, Any]] = []
    following: str | None = None
    for place, compiled in enumerate(choices):
        roles = actor_for(user, body, compiled.service, on=clock.today()).roles if q else frozenset()
        with scope(body, viewer=str(user.id)):
            try:
                page = queries.inbox(
                    compiled, procedure=procedure or None, state=state or None, text=q, due_by=due_by,
                    final=final, party=user.partition if user.kind == "party" else None,
                    roles=roles, limit=limit - len(items), cursor=inner,
                )  # fmt: skip
            except (BadCursor, ValidationError, ValueError):
                raise bad_cursor() from None
            queries.log_access("list")
        items += [looking.short(row, body) for row in page.rows]
        inner = None
        if page.next is not None:
            following = encode([compiled.service.slug, page.next])
            break
        if len(items) >= limit and place + 1 < len(choices):
            following = encode([choices[place + 1].service.slug, None])
            break
    return answer({"items": items, "next": following})


def _from_cursor(choices: list[CompiledService], cursor: str) -> tuple[list[CompiledService], str | None]:
    if not cursor:
        return choices, None
    try:
        slug, inner = decode(cursor, str, str)
    except BadCursor:
        raise bad_cursor() from None
    rest = [item for item in choices if item.service.slug >= str(slug)]
    return rest, None if inner is None else str(inner)


def bad_cursor() -> Exception:
    return unreadable(
        "cursor を読み取れません。前のページの next をそのまま送ってください。",
        "Send the `next` of the page before as it is.",
    )


@router.get(
    "/bodies/{body}/cases/{case}",
    response={200: shapes.CaseFull, **shapes.PROBLEMS},
    summary="One case",
)
def case(request: HttpRequest, body: str, case: str) -> HttpResponse:
    """A case: values by section, clocks, charges, documents, notices, and the actions open to the caller."""
    with looking.seen(request, body, case, summary=True) as found:
        return tagged(request, looking.full(found))


@router.get(
    "/bodies/{body}/cases/{case}/secrets",
    response={200: dict[str, Any], **shapes.PROBLEMS},
    summary="Secret values of a case",
)
def secrets(request: HttpRequest, body: str, case: str) -> HttpResponse:
    """The values of secret fields, by name, that the caller may see. Who asked is written to the access log."""
    with looking.seen(request, body, case, "secret") as found:
        return answer(found.sight.only(queries.secret_values(found.view)))


@router.get(
    "/bodies/{body}/cases/{case}/events",
    response={200: shapes.EventPage, **shapes.PROBLEMS},
    summary="What happened to a case",
)
def events(request: HttpRequest, body: str, case: str) -> HttpResponse:
    """Every act in order; to the body's own people with what was said."""
    with looking.seen(request, body, case, "history") as found:
        return answer({"items": looking.events(found)})


@router.get(
    "/bodies/{body}/cases/{case}/documents/{document}",
    response={200: None, **shapes.PROBLEMS},
    summary="An issued document (PDF)",
)
def document(request: HttpRequest, body: str, case: str, document: str) -> HttpResponse:
    """The PDF; rendered at its first reading."""
    wanted = uuid(document)
    with looking.seen(request, body, case, "document", summary=True) as found:
        if all(row.id != wanted for row in looking.documents(found)):
            raise not_found()
    row = issue.pdf(body, wanted)
    return _file(bytes(row.pdf or b""), "application/pdf", f"{row.name}-{row.number or row.id}.pdf")


@router.get(
    "/bodies/{body}/cases/{case}/attachments/{sha256}",
    response={200: None, **shapes.PROBLEMS},
    summary="An attached file",
)
def attachment(request: HttpRequest, body: str, case: str, sha256: str) -> HttpResponse:
    """A file that the case names in a section that the caller may read."""
    with looking.seen(request, body, case, "attachment", summary=True) as found:
        named = files.named_in(list(found.sight.only(found.view.row.document["values"]).values()))
        if all(item["sha256"] != sha256 for item in named):
            raise not_found()
        kept = files.read(sha256)
    if kept is None:
        raise not_found()
    row, content = kept
    return _file(content, row.type, row.sha256[:16])


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(
        content,
        content_type=kind,
        headers={
            "Content-Disposition": f'inline; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )


def _visible(request: HttpRequest, body: str, case: str) -> CaseView:
    """The case, where the caller may see it; else ApiProblem 404."""
    known_body(body)
    user = caller(request)
    with scope(body, viewer=str(user.id)):
        found = queries.view(case)
    if found is None:
        raise not_found()
    actor = actor_for(user, body, found.compiled.service, on=clock.today())
    if not queries.visible(found, actor):
        raise not_found()
    return queries.with_local(found, actor)
