"""One act on many cases in one call: each case with its own outcome."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from kiban.access.actors import actor_for
from kiban.api import shapes
from kiban.api.acting import ROOT, door_errors, refused
from kiban.api.answers import answer, problem_json, wrong_input
from kiban.api.auth import Caller, caller
from kiban.api.catalogue import current
from kiban.api.reading import act_input, body_of, idempotency_key, known_body
from kiban.cases.door import Outcome
from kiban.cases.many import act_many
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, OUT_OF_RANGE, Problem
from kiban.ops import clock

router = Router(auth=Caller(), tags=["cases"])
MOST = 100


class ManyBody(Schema):
    """One act on many cases, with one input."""

    cases: Annotated[list[str], Field(min_length=1, max_length=MOST, description="Ids of cases")]
    data: Annotated[dict[str, Any], Field(default_factory=dict)]
    reasons: Annotated[dict[str, str], Field(default_factory=dict)]


class ManyItem(Schema):
    """What became of one case. `problem` says why not."""

    case: str
    outcome: Literal["done", "refused"]
    state: str | None = None
    seq: int | None = None
    code: str | None = None
    detail: str | None = None
    problems: Annotated[list[shapes.ProblemItem], Field(default_factory=list)]
    href: str


class ManyAnswer(Schema):
    items: list[ManyItem]
    done: int
    refused: int


@router.post(
    "/bodies/{body}/services/{service}/procedures/{procedure}/acts/{action}",
    response={200: ManyAnswer, **shapes.PROBLEMS},
    summary="Act on many cases",
    openapi_extra=shapes.body_of(ManyBody) | shapes.KEY,
)
def act_on_many(request: HttpRequest, body: str, service: str, procedure: str, action: str) -> HttpResponse:
    """The same act on up to 100 cases, one after the other. A case that is refused stops none of the others.

    Needs an Idempotency-Key; sent again with the same key, what was done is not done again.
    """
    key, said = idempotency_key(request), body_of(request)
    data, reasons = act_input(said, ("cases", "data", "reasons"))
    cases = _cases(said.get("cases"))
    known_body(body)
    _edition, compiled = current(service)
    actor = actor_for(caller(request), body, compiled.service, on=clock.today())
    with door_errors():
        outcomes = list(
            act_many(
                body,
                service,
                procedure,
                cases,
                action,
                actor,
                data,
                key=key,
                route="api.many",
                reasons=reasons,
            )
        )
    items = [_item(body, service, case, outcome) for case, outcome in outcomes]
    done = sum(item["outcome"] == "done" for item in items)
    return answer({"items": items, "done": done, "refused": len(items) - done})


def _cases(given: object) -> list[str]:
    if not isinstance(given, list) or not 0 < len(given) <= MOST:
        words = Label(
            ja=f"案件の id を1〜{MOST}件、配列で指定してください。",
            en=f"Give 1 to {MOST} ids of cases as an array.",
        )
        raise wrong_input([Problem("cases", OUT_OF_RANGE, words)])
    found: dict[str, None] = {}
    for place, item in enumerate(given, start=1):
        try:
            found[str(UUID(item))] = None
        except (AttributeError, TypeError, ValueError):
            words = Label(ja="案件の id ではありません。", en="This is not the id of a case.")
            raise wrong_input([Problem(f"cases[{place}]", INVALID, words)]) from None
    return list(found)


def _item(body: str, service: str, case: str, outcome: Outcome) -> dict[str, Any]:
    found: dict[str, Any] = {
        "case": case, "outcome": outcome.status, "href": f"{ROOT}/bodies/{body}/cases/{case}",
    }  # fmt: skip
    if outcome.refusal is None:
        return {**found, "state": outcome.answer["state"], "seq": outcome.answer["seq"]}
    problem = refused(outcome.refusal, body, service)
    return {
        **found, "code": problem.code, "detail": problem.detail.ja,
        "problems": [problem_json(one) for one in problem.problems],
    }  # fmt: skip
