"""What was delivered to the caller (notices, lists of cases), and webhooks, by which other systems are told."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from kiban.access.actors import actor_for, administers, bodies_of, reaches_above
from kiban.access.scope import scope
from kiban.api import delivery_shapes, shapes
from kiban.api.answers import answer, not_allowed, not_found, wrong_input
from kiban.api.auth import Caller, caller, proved
from kiban.api.cases import bad_cursor
from kiban.api.catalogue import current
from kiban.api.reading import body_of, known_body, text, uuid
from kiban.cases.models import Inbox, Shared
from kiban.cases.paging import BadCursor
from kiban.delivery import box, pinned, webhooks
from kiban.delivery.models import WEBHOOK, Message, Subscription
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, Problem
from kiban.ops import clock

router = Router(auth=Caller(), tags=["delivery"])
_HOOKS = "/bodies/{body}/services/{service}/webhooks"
_REFUSED = Label(ja="公開された https のURLを指定してください。", en="Give a public https address.")


@router.get(
    "/me/cases",
    response={200: delivery_shapes.DeliveredCases, **shapes.PROBLEMS},
    summary="A party's own cases",
)
def my_cases(
    request: HttpRequest, limit: int = Query(100, ge=1, le=200), cursor: str = Query("", max_length=1000)
) -> HttpResponse:
    """The delivered list, open cases first, then the earliest due. Follow `next` until it is null."""
    user = caller(request)
    if user.kind != "party":
        raise not_found()
    return _cases(user.partition, ("own",), limit=limit, cursor=cursor)


@router.get(
    "/bodies/{body}/services/{service}/shared",
    response={200: delivery_shapes.DeliveredCases, **shapes.PROBLEMS},
    summary="Cases that other bodies have delivered to this one",
)
def shared(
    request: HttpRequest, body: str, service: str, limit: int = Query(100, ge=1, le=200),
    cursor: str = Query("", max_length=1000),
) -> HttpResponse:  # fmt: skip
    """The queue of a ministry or a prefecture, and summaries that were granted."""
    known_body(body)
    _edition, compiled = current(service)
    if not reaches_above(
        compiled.service, actor_for(caller(request), body, compiled.service, on=clock.today())
    ):
        raise not_found()
    return _cases(body, box.ABOVE, service=service, limit=limit, cursor=cursor)


@router.get("/me/notices", response={200: delivery_shapes.NoticePage, **shapes.PROBLEMS}, summary="Notices")
def notices(
    request: HttpRequest, body: str = Query("", max_length=32, description="Staff: the body in which they work"),
    unread: bool = Query(False), limit: int = Query(50, ge=1, le=200), cursor: str = Query("", max_length=1000),
) -> HttpResponse:  # fmt: skip
    """Notices, newest first, and how many have not been read."""
    mine = _box(request, body)
    try:
        page = box.notices(mine, unread=unread, limit=limit, cursor=cursor or None)
    except (BadCursor, ValueError):
        raise bad_cursor() from None
    return answer(
        {"items": [_notice(row) for row in page.rows], "next": page.next, "unread": box.unread(mine)}
    )


@router.post(
    "/me/notices/{notice}/read",
    response={200: delivery_shapes.Unread, **shapes.PROBLEMS},
    summary="Mark as read",
)
def read(request: HttpRequest, notice: str, body: str = Query("", max_length=32)) -> HttpResponse:
    """A notice has been seen; may be repeated."""
    mine, identity = _box(request, body), uuid(notice)
    if not box.exists(mine, identity):
        raise not_found()
    box.mark_read(mine, identity)
    return answer({"unread": box.unread(mine)})


@router.get(
    _HOOKS,
    response={200: delivery_shapes.WebhookList, **shapes.PROBLEMS},
    summary="Webhooks of a service in a body",
)
def hooks(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """For administrators of the body's settings. Secrets are not shown again."""
    _may_set(request, body, service)
    with scope(body):
        rows = list(Subscription.objects.filter(body=body, service=service).order_by("created_at"))
    return answer({"items": [_hook(row) for row in rows]})


@router.post(
    _HOOKS, response={201: delivery_shapes.Webhook, **shapes.PROBLEMS}, summary="Register a webhook",
    openapi_extra=shapes.body_of(delivery_shapes.WebhookBody),
)  # fmt: skip
def register(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The answer holds the `secret`, which is not shown again."""
    _may_set(request, body, service)
    said = body_of(request)
    label, url, types = (
        (text(said, "label") or "").strip(),
        (text(said, "url") or "").strip(),
        said.get("types"),
    )
    problems = []
    if not label or len(label) > 100:
        problems.append(
            Problem(
                "label", INVALID, Label(ja="名前を100文字までで指定してください。", en="1 to 100 characters.")
            )
        )
    try:
        pinned.checked(url)
    except pinned.Refused:
        problems.append(Problem("url", INVALID, _REFUSED))
    if not isinstance(types, list) or not types or any(kind not in webhooks.TYPES for kind in types):
        known = ", ".join(webhooks.TYPES)
        problems.append(
            Problem("types", INVALID, Label(ja=f"{known} から選んでください。", en=f"Some of {known}."))
        )
    if problems:
        raise wrong_input(problems)
    with scope(body):
        if Subscription.objects.filter(body=body, service=service).count() >= webhooks.MOST:
            raise wrong_input([Problem("url", INVALID, Label(ja="登録は20件までです。", en="At most 20."))])
        made, secret = webhooks.create(service, label, url, types, str(caller(request).id))
    return answer({**_hook(made), "secret": secret}, 201)


@router.delete(
    _HOOKS + "/{webhook}", response={200: delivery_shapes.Done, **shapes.PROBLEMS}, summary="Delete a webhook"
)
def delete(request: HttpRequest, body: str, service: str, webhook: str) -> HttpResponse:
    """Nothing more is sent there."""
    with _one(request, body, service, webhook) as found:
        found.delete()
    return answer({"done": True})


@router.get(
    _HOOKS + "/{webhook}/calls",
    response={200: delivery_shapes.CallList, **shapes.PROBLEMS},
    summary="Last calls",
)
def calls(request: HttpRequest, body: str, service: str, webhook: str) -> HttpResponse:
    """The last 100 calls with what became of them; `dead` ones were given up."""
    with _one(request, body, service, webhook) as found:
        rows = list(
            Message.objects.filter(body=body, channel=WEBHOOK, owner=str(found.id)).order_by("-created_at")[
                :100
            ]
        )
    names = ("kind", "state", "attempts", "problem")
    return answer({
        "items": [
            {"id": str(r.id), "created_at": r.created_at.isoformat(), **{n: getattr(r, n) for n in names}} for r in rows
        ]
    })  # fmt: skip


@router.post(
    _HOOKS + "/{webhook}/{do}",
    response={200: delivery_shapes.WebhookDone, **shapes.PROBLEMS},
    summary="try, rotate, stop, resume",
)
def act(request: HttpRequest, body: str, service: str, webhook: str, do: str) -> HttpResponse:
    """`try`: a trial call. `rotate`: a new secret. `stop`, `resume`: resuming sends again what was given up."""
    if do not in ("try", "rotate", "stop", "resume"):
        raise not_found()
    done: dict[str, Any] = {"done": True}
    with _one(request, body, service, webhook) as found:
        if do == "try":
            done["message"] = str(webhooks.ping(found).id)
        elif do == "rotate":
            done["secret"] = webhooks.rotate(found)
        elif do == "stop":
            Subscription.objects.filter(body=body, id=found.id).update(active=False, stopped="by_hand")
        else:
            done["again"] = webhooks.resume(found)
    return answer(done)


class _one:  # noqa: N801  (used as a context manager)
    """A webhook of the body, in its scope, for an administrator."""

    def __init__(self, request: HttpRequest, body: str, service: str, webhook: str) -> None:
        _may_set(request, body, service)
        self._body, self._service, self._id = body, service, uuid(webhook)
        self._scope = scope(body)

    def __enter__(self) -> Subscription:
        self._scope.__enter__()
        found = Subscription.objects.filter(body=self._body, service=self._service, id=self._id).first()
        if found is None:
            error = not_found()
            self._scope.__exit__(type(error), error, None)
            raise error
        return found

    def __exit__(self, *error: Any) -> None:
        self._scope.__exit__(*error)


def _may_set(request: HttpRequest, body: str, service: str) -> None:
    known_body(body)
    _edition, compiled = current(service)
    actor = actor_for(caller(request), body, compiled.service, on=clock.today())
    if not actor.roles or actor.kind == "party":
        raise not_found()
    if not administers(compiled.service, actor):
        raise not_allowed()
    if request.method != "GET":
        proved(request)


def _box(request: HttpRequest, body: str) -> box.Box:
    user = caller(request)
    if user.kind != "party" and all(code != body for code, _service in bodies_of(user, on=clock.today())):
        raise not_found()
    return box.box_of(user, body)


def _cases(
    partition: str, why: tuple[str, ...], *, limit: int, cursor: str, service: str | None = None
) -> HttpResponse:
    try:
        page = box.cases(partition, why=why, service=service, limit=limit, cursor=cursor or None)
    except (BadCursor, ValidationError, ValueError):
        raise bad_cursor() from None
    return answer({"items": [_line(row) for row in page.rows], "next": page.next})


def _line(row: Shared) -> dict[str, Any]:
    return {
        "body": row.target, "case": str(row.case_id), "service": row.service, "procedure": row.procedure,
        "number": row.number, "state": row.state, "final": row.final, "title": row.title,
        "due_on": row.due_on.isoformat() if row.due_on else None, "seq": row.seq,
    }  # fmt: skip


def _notice(row: Inbox) -> dict[str, Any]:
    return {
        "id": str(row.id), "body": row.target, "case": str(row.case_id), "service": row.service, "kind": row.name,
        "subject": row.subject, "text": row.text, "at": row.at.isoformat(),
        "read_at": row.read_at.isoformat() if row.read_at else None,
    }  # fmt: skip


def _hook(row: Subscription) -> dict[str, Any]:
    return {
        "id": str(row.id), "label": row.label, "url": row.url, "types": row.types, "active": row.active,
        "stopped": row.stopped, "created_at": row.created_at.isoformat(),
    }  # fmt: skip
