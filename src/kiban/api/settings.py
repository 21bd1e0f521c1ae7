"""A body's settings, the calendar of coming changes, and a service's own effect."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from kiban.access import actors, changes, closing, participation, people
from kiban.access.actors import actor_for, sees_body
from kiban.access.changes import SettingRefused
from kiban.access.models import RoleGrant, User
from kiban.api import shapes
from kiban.api.answers import answer, label, language, not_allowed, not_found, wrong_input
from kiban.api.auth import Caller, caller, proved
from kiban.api.catalogue import current
from kiban.api.reading import body_of, known_body
from kiban.cases import own_effect
from kiban.cases.trial import effect
from kiban.definitions import body_settings
from kiban.definitions.coming import coming
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.difference import parameter_words
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import UNKNOWN_FIELD, Problem
from kiban.ops import clock

router = Router(auth=Caller(), tags=["settings"])
_BASE = "/bodies/{body}/services/{service}"
_SET = _BASE + "/settings"
_ANSWERS: dict[Any, Any] = {200: dict[str, Any], **shapes.PROBLEMS}


@router.get("/changes", response={200: list[dict[str, Any]], **shapes.PROBLEMS}, auth=None,
            summary="Coming changes")  # fmt: skip
def coming_changes(request: HttpRequest, body: str = Query("", max_length=32)) -> HttpResponse:
    """What will come into force after today: editions, values, and with `body` what this body has set."""
    if body:
        known_body(body)
    return answer(
        [
            {
                "on": item.on, "service": item.service, "label": label(item.label), "kind": item.kind,
                "body": item.body or None, "changes": [label(line) for line in item.lines],
            }
            for item in coming(clock.today(), body)
        ]
    )  # fmt: skip


@router.get(
    _BASE + "/effect",
    response={200: list[dict[str, Any]], **shapes.PROBLEMS},
    summary="A service's own effect",
)
def own(
    request: HttpRequest, body: str, service: str, since: date | None = None, until: date | None = None,
    format: str = Query("json", pattern="^(json|csv)$"),
) -> HttpResponse:  # fmt: skip
    """Month by month, from events: received, decided, returned, channels, median days. At most 13 months."""
    compiled, user = _place(request, body, service)
    if not sees_body(compiled.service, actor_for(user, body, compiled.service, on=clock.today())):
        raise not_found()
    end = min(until or clock.today(), clock.today())
    start = max(since or date.min, own_effect.first_month(clock.today()))
    lines = own_effect.own_effect(service, body, start, end, str(user.id)) if start <= end else []
    if format == "json":
        return answer([line.json() for line in lines])
    labels = {name: word.label.text(language()) for name, word in compiled.service.procedures.items()}
    return HttpResponse(own_effect.as_csv(lines, labels, language()), content_type="text/csv; charset=utf-8")


@router.get(_SET, response=_ANSWERS, summary="A body's settings")
def settings(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Parameters with their bounds and values, participation, closed days of this year, counter, people."""
    compiled, _user = to_set(request, body, service)
    today = clock.today()
    office = body_settings.office(body, service)
    return answer(
        {
            "parameters": [_parameter(item) for item in body_settings.settings(compiled, body, today)],
            "participation": participation.level(compiled.service, body, today),
            "closed_days": [
                {"date": day.date, "kind": day.kind, "reason": day.reason} for day in closing.days(body, today.year)
            ],
            "office": {name: getattr(office, name) for name in _OFFICE} if office is not None else None,
            "people": [_grant(row) for row in people.grants(body, service)],
        }
    )  # fmt: skip


@router.get(
    _SET + "/history", response={200: list[dict[str, Any]], **shapes.PROBLEMS}, summary="Who set what"
)
def history(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The latest 200 settings, the latest first."""
    to_set(request, body, service)
    return answer(
        [
            {
                "at": row.at, "by": row.by_name, "kind": row.kind, "name": row.name, "from": row.from_date,
                "before": row.before, "after": row.after, "why": row.why,
            }
            for row in changes.history(body, service)
        ]
    )  # fmt: skip


@router.post(_SET + "/parameters/{name}", response=_ANSWERS, summary="Set a parameter")
def set_parameter(request: HttpRequest, body: str, service: str, name: str) -> HttpResponse:
    """`{value, from, why}`; with `try: true` nothing is set, and the effect on an example is answered."""
    compiled, user = to_set(request, body, service)
    said = said_of(request, ("value", "from", "why", "try"))
    if said.get("try") is True:
        return _try(compiled, body, name, said.get("value"), user)
    with refusing():
        body_settings.set_parameter(
            compiled, body, name, said.get("value"), said.get("from"), user, said.get("why")
        )
    return _one(compiled, body, name)


@router.delete(_SET + "/parameters/{name}/{start}", response=_ANSWERS, summary="Take a coming value back")
def undo_parameter(request: HttpRequest, body: str, service: str, name: str, start: date) -> HttpResponse:
    """A value that does not hold yet is taken back."""
    compiled, user = to_set(request, body, service)
    with refusing():
        body_settings.undo_parameter(service, body, name, start, user)
    return _one(compiled, body, name)


@router.post(_SET + "/participation", response=_ANSWERS, summary="Take part, or not")
def set_participation(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """`{level, from, why}`: none, trial or full, from a day on."""
    compiled, user = to_set(request, body, service)
    said = said_of(request, ("level", "from", "why"))
    with refusing():
        body_settings.set_participation(
            compiled, body, said.get("level"), said.get("from"), user, said.get("why")
        )
    return answer({"level": said.get("level"), "from": str(said.get("from"))})


@router.post(_SET + "/closed-days", response=_ANSWERS, summary="Close or open on days")
def set_closed_days(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """`{first, last, reason, open}`, or `{csv}`: a CSV file in base64 (date, reason); all of it is taken, or none."""
    _compiled, user = to_set(request, body, service)
    said = said_of(request, ("first", "last", "reason", "open", "csv", "why"))
    with refusing():
        if "csv" in said:
            count = closing.add_csv(body, _bytes(said["csv"]), user, said.get("why"))
        else:
            count = closing.add(
                body, said.get("first"), said.get("last"), said.get("reason"), user, open_=said.get("open") is True,
                why=said.get("why"),
            )  # fmt: skip
    return answer({"days": count})


@router.delete(_SET + "/closed-days/{day}", response=_ANSWERS, summary="Take a closed day back")
def remove_closed_day(request: HttpRequest, body: str, service: str, day: date) -> HttpResponse:
    """A coming day keeps the national rule again."""
    _compiled, user = to_set(request, body, service)
    with refusing():
        closing.remove(body, day, user)
    return answer({"day": day})


_OFFICE = ("name", "phone", "email", "address", "hours", "hours_en", "departments")


@router.post(_SET + "/office", response=_ANSWERS, summary="Set the counter")
def set_office(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Name, phone, email, address, hours, hours_en (text) and departments (a list); what is left out becomes empty."""
    _compiled, user = to_set(request, body, service)
    said = said_of(request, (*_OFFICE, "why"))
    departments = said.get("departments")
    if departments is not None and not isinstance(departments, list):
        raise wrong_input([_wrong("departments")])
    with refusing():
        body_settings.set_office(service, body, said, user, said.get("why"))
    office = body_settings.office(body, service)
    return answer({name: getattr(office, name) for name in _OFFICE} if office is not None else {})


@router.post(_SET + "/grants", response={201: dict[str, Any], **shapes.PROBLEMS}, summary="Give a role")
def give(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """`{username, role, from, why}` and `display_name` (somebody new), `department`, `to`, `deputy_for`."""
    compiled, user = to_set(request, body, service)
    proved(request)
    said = said_of(
        request, ("username", "role", "from", "why", "display_name", "department", "to", "deputy_for")
    )
    with refusing():
        row = people.give(
            compiled.service, body, said.get("username"), said.get("role"), said.get("from"), user,
            display_name=said.get("display_name"), department=said.get("department"), to=said.get("to"),
            deputy_for=said.get("deputy_for"), why=said.get("why"),
        )  # fmt: skip
    return answer(_grant(row), 201)


@router.post(_SET + "/grants/{grant}/end", response=_ANSWERS, summary="End a role")
def end(request: HttpRequest, body: str, service: str, grant: str) -> HttpResponse:
    """`{last_day, why}`: the role is held up to this day."""
    compiled, user = to_set(request, body, service)
    proved(request)
    said = said_of(request, ("last_day", "why"))
    with refusing():
        people.end(compiled.service, body, grant, said.get("last_day"), user, said.get("why"))
    return answer({"grant": grant, "to": str(said.get("last_day"))})


def _place(request: HttpRequest, body: str, service: str) -> tuple[CompiledService, User]:
    known_body(body)
    _edition, compiled = current(service)
    return compiled, caller(request)


def to_set(request: HttpRequest, body: str, service: str) -> tuple[CompiledService, User]:
    """For administrators: 404 for who has no role here, 403 for other roles."""
    compiled, user = _place(request, body, service)
    actor = actor_for(user, body, compiled.service, on=clock.today())
    if not actor.roles or user.kind == "party":
        raise not_found()
    if not actors.administers(compiled.service, actor):
        raise not_allowed()
    return compiled, user


def said_of(request: HttpRequest, allowed: tuple[str, ...]) -> Mapping[str, Any]:
    """The body of a setting. Raises ApiProblem 422 for members that are not known."""
    said = body_of(request)
    text = Label(ja="この項目はありません。", en="There is no such member.")
    unknown = [Problem(name[:100], UNKNOWN_FIELD, text) for name in said if name not in allowed]
    if unknown:
        raise wrong_input(unknown)
    return said


@contextmanager
def refusing() -> Iterator[None]:
    """What the settings refuse as ApiProblem 422, what is not there as 404."""
    try:
        yield
    except SettingRefused as refused:
        raise wrong_input(refused.problems) from None
    except LookupError:
        raise not_found() from None


def _wrong(field: str) -> Problem:
    return Problem(field, "invalid", Label(ja="値を読み取れません。", en="The value cannot be read."))


def _bytes(raw: object) -> bytes:
    if not isinstance(raw, str) or len(raw) > closing.CSV_LIMIT * 2:
        raise wrong_input([_wrong("csv")])
    try:
        return base64.b64decode(raw, validate=True)
    except (binascii.Error, ValueError):
        raise wrong_input([_wrong("csv")]) from None


def _try(compiled: CompiledService, body: str, name: str, raw: object, user: User) -> HttpResponse:
    codec = compiled.parameters.get(name)
    if codec is None:
        raise not_found()
    value, problems = codec.read_varied(raw, clock.today())
    if problems:
        raise wrong_input(problems)
    found = effect(compiled, body, name, value, str(user.id))
    shown: Callable[[Label], str | None] = label
    return answer(
        {
            "value": shown(parameter_words(codec, value)),
            "example": found and {
                "number": found.number,
                "differences": [
                    {"what": shown(what), "before": shown(before), "after": shown(after)}
                    for what, before, after in found.lines
                ],
            },
        }
    )  # fmt: skip


def _one(compiled: CompiledService, body: str, name: str) -> HttpResponse:
    found = body_settings.settings(compiled, body, clock.today())
    return answer(_parameter(next(item for item in found if item.name == name)))


def _parameter(item: body_settings.Setting) -> dict[str, Any]:
    word, vary = item.codec.parameter, item.codec.parameter.vary
    return {
        "name": word.name, "label": label(word.label), "type": word.type, "unit": word.unit, "law": word.law,
        "vary": vary and {
            "law": vary.law, "min": vary.min, "max": vary.max, "codes": vary.codes, "required": vary.required,
        },
        "national": label(item.national), "own": label(item.own), "own_from": item.own_from,
        "coming": [{"from": row.from_date, "value": row.value} for row in item.coming],
    }  # fmt: skip


def _grant(row: RoleGrant) -> dict[str, Any]:
    return {
        "id": str(row.id), "username": row.user.username, "name": row.user.display_name, "role": row.role,
        "department": row.department, "from": row.from_date, "to": row.to_date,
        "deputy_for": str(row.deputy_for) if row.deputy_for else None,
    }  # fmt: skip
