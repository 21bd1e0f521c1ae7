"""Acting through the API: the one door's outcomes as answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.http import HttpResponse

from kiban.access import bodies, participation
from kiban.api.answers import ApiProblem, answer, not_found, problem_json, wrong_input
from kiban.cases import door
from kiban.cases.door import Outcome
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import ActorFacts, Refusal
from kiban.kernel.problems import INVALID, NOT_ALLOWED, NOT_FOUND, NOT_PARTICIPATING, Problem
from kiban.ops import clock

ROOT = "/api/v1"
_STATUS = {NOT_ALLOWED: 403, NOT_FOUND: 404, INVALID: 422}


def act(
    body: str,
    service: str,
    procedure: str | None,
    case: str | None,
    action: str,
    actor: ActorFacts,
    data: Mapping[str, object],
    reasons: Mapping[str, str],
    *,
    key: str,
    if_seq: int | None = None,
) -> HttpResponse:
    """Acts and answers: 201 for a new case, 200 for an act on one. Raises ApiProblem."""
    with door_errors():
        outcome = door.act(
            body, service, procedure, case, action, actor, data, idempotency_key=key,
            route="api.open" if case is None else "api.act", reasons=reasons, if_seq=if_seq,
        )  # fmt: skip
    if outcome.refusal is not None:
        raise refused(outcome.refusal, body, service)
    return _done(body, outcome, opened=case is None)


@contextmanager
def door_errors() -> Iterator[None]:
    """What the door raises, as problems of the API."""
    try:
        yield
    except door.NotVisible:
        raise not_found() from None
    except door.BadKey:
        raise ApiProblem(
            400,
            "idempotency_key_invalid",
            Label(
                ja="Idempotency-Key は200文字までの半角英数字・記号にしてください。",
                en="An Idempotency-Key has at most 200 printable ASCII characters.",
            ),
        ) from None
    except door.KeyConflict:
        raise ApiProblem(
            422,
            "idempotency_key_reused",
            Label(
                ja="この Idempotency-Key は、内容の違う操作にすでに使われています。新しい鍵で送ってください。",
                en="This Idempotency-Key was used for another request. Send a new one.",
            ),
        ) from None


def _done(body: str, outcome: Outcome, *, opened: bool) -> HttpResponse:
    said = outcome.answer
    href = f"{ROOT}/bodies/{body}/cases/{said['case']}"
    headers = {"Location": href} if opened else {}
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return answer(
        {
            "id": said["case"],
            "number": said["number"],
            "service": said["service"],
            "procedure": said["procedure"],
            "action": said["action"],
            "state": said["state"],
            "seq": said["seq"],
            "at": said["at"],
            "documents": [
                {**document, "href": f"{href}/documents/{document['id']}"} for document in said["documents"]
            ],
            "notices": said["notices"],
            "problems": [_stored_problem(problem) for problem in said["problems"]],
            "href": href,
        },
        201 if opened else 200,
        headers,
    )


def _stored_problem(said: Mapping[str, Any]) -> dict[str, Any]:
    """A problem as the door keeps it in its first answer."""
    message = Label(**said["message"])
    return problem_json(
        Problem(said["field"], said["code"], message, said["severity"], said["law"], said["suggest"])
    )


def refused(refusal: Refusal, body: str, service: str) -> ApiProblem:
    """A refusal as a problem: 403, 404, 422 for input, else 409."""
    if refusal.code == INVALID and refusal.problems:
        return wrong_input(refusal.problems)
    suggest = dict(refusal.suggest)
    if refusal.code == NOT_PARTICIPATING:
        suggest["neighbours"] = neighbours(body, service)
    return ApiProblem(
        _STATUS.get(refusal.code, 409), refusal.code, refusal.message, refusal.problems, suggest
    )


def neighbours(body: str, service: str, most: int = 5) -> list[dict[str, str]]:
    """Bodies near `body` that take part in the service today, nearest first."""
    today = clock.today()
    word = editions.current(service, today).service
    near = bodies.neighbours(body, limit=60)
    taking = [row for row in near if participation.level(word, row.code, today) != "none"]
    return [
        {"code": row.code, "name": row.name, "href": f"{ROOT}/bodies/{row.code}"} for row in taking[:most]
    ]


def opening_action(compiled: CompiledService, procedure: str, named: str | None) -> str:
    """The action that opens a case: the one named, or the only one. Raises ApiProblem."""
    known = compiled.procedures.get(procedure)
    if known is None:
        raise not_found()
    able = {name: action.action.offered for name, action in known.actions.items() if action.action.opens}
    opening = [name for name, offered in able.items() if offered]
    if named is None and len(opening) == 1:
        return opening[0]
    if named in able:
        return str(named)
    message = Label(
        ja=f"案件を始める操作（action）を指定してください：{'、'.join(opening)}",
        en=f"Say which action opens the case: {', '.join(opening)}",
    )
    raise wrong_input([Problem("action", "required" if named is None else "not_in_list", message)])
