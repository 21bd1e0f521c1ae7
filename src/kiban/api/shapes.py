"""The shapes of answers and bodies, for the OpenAPI document. Views answer with plain JSON of these shapes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field


class ProblemItem(Schema):
    """What is wrong with one field."""

    field: Annotated[str, Field(description="A path: `period_to`, `items[2].cost` (counted from 1)")]
    code: str
    message: Annotated[str, Field(description="Japanese")]
    message_en: str
    severity: Literal["error", "warning", "refer", "info"]
    law: str
    suggest: Annotated[dict[str, Any], Field(description="Values that would do, by field")]


class ProblemDocument(Schema):
    """RFC 9457. `type` is `urn:kiban:problem:<code>`."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    problems: list[ProblemItem]
    instance: str
    suggest: dict[str, Any] | None = None


class ServiceShort(Schema):
    slug: str
    label: str
    description: str
    law: str
    ministry: str
    in_force: date
    href: str


class ActionShort(Schema):
    name: str
    label: str
    help: str | None
    roles: list[str]
    from_: Annotated[list[str], Field(alias="from")]
    opens: bool
    law: str
    schema_: Annotated[str | None, Field(alias="schema", description="Where its JSON Schema is")]


class StateShort(Schema):
    name: str
    label: str
    final: bool


class ProcedureShort(Schema):
    name: str
    label: str
    help: str | None
    law: str
    pattern: str
    public: bool
    states: list[StateShort]
    actions: list[ActionShort]


class ServiceFull(ServiceShort):
    edition: str
    editions: list[dict[str, Any]]
    procedures: list[ProcedureShort]
    registries: list[dict[str, Any]]
    figures: list[dict[str, Any]]


class BodyShort(Schema):
    code: str
    kind: str
    name: str
    kana: str
    name_en: str
    prefecture: str


class BodyFull(BodyShort):
    participation: Annotated[dict[str, str], Field(description="none, trial or full, by service, today")]


class OpenBody(Schema):
    """Opens a case."""

    action: Annotated[str | None, Field(description="Needed where several actions open a case")] = None
    data: Annotated[dict[str, Any], Field(default_factory=dict, description="By the action's JSON Schema")]
    reasons: Annotated[
        dict[str, str], Field(default_factory=dict, description="By warning: `code` or `code@field`")
    ]


class ActBody(Schema):
    """An act on a case."""

    data: Annotated[dict[str, Any], Field(default_factory=dict)]
    reasons: Annotated[dict[str, str], Field(default_factory=dict)]
    if_seq: Annotated[int | None, Field(description="Refused as `stale` when the case has moved on")] = None


class IssuedItem(Schema):
    id: str
    name: str
    number: str
    href: str


class ActAnswer(Schema):
    """What an act brought. `problems` are informative only."""

    id: str
    number: str
    service: str
    procedure: str
    action: str
    state: str
    seq: int
    at: datetime
    documents: list[IssuedItem]
    notices: list[dict[str, str]]
    problems: list[ProblemItem]
    href: str


class EvaluateBody(ActBody):
    """A dry run of an act that opens a case, or of one on `case`."""

    case: str | None = None


class Evaluation(Schema):
    """A dry run: nothing is stored."""

    values: dict[str, Any]
    computed: dict[str, Any]
    shown: list[str]
    required: list[str]
    problems: list[ProblemItem]


class DocumentShort(Schema):
    id: str
    name: str
    label: str
    number: str
    issued_at: datetime
    standing: Annotated[str, Field(description="stands, superseded (by a newer one) or withdrawn")]
    href: str


class CaseShort(Schema):
    id: str
    number: str
    service: str
    procedure: str
    state: str
    state_label: str
    title: str
    due_on: date | None
    opened_at: datetime
    updated_at: datetime
    href: str


class CasePage(Schema):
    items: list[CaseShort]
    next: Annotated[str | None, Field(description="The cursor of the next page")]


class ChargeItem(Schema):
    """Yen: `balance` is still owed, `excess` was paid too much."""

    label: str
    due: int
    paid: int
    waived: int
    balance: int
    excess: int


class ClockItem(Schema):
    on: date
    label: str
    fired: bool


class NoticeItem(Schema):
    name: str
    to: str
    subject: str
    text: str
    at: datetime


class AllowedAction(Schema):
    name: str
    label: str
    href: str
    schema_: Annotated[str, Field(alias="schema")]


class OfficeItem(Schema):
    """Who handles a case."""

    assignee: dict[str, str] | None
    department: str


class CaseFull(CaseShort):
    seq: int
    edition: str
    sections: Annotated[
        dict[str, dict[str, Any]], Field(description="Values by section, as far as you may read them")
    ]
    computed: dict[str, Any]
    texts: Annotated[dict[str, str], Field(description="As typed, where it differs from the value")]
    marks: dict[str, str]
    clocks: dict[str, ClockItem]
    charges: dict[str, ChargeItem]
    documents: list[DocumentShort]
    notices: list[NoticeItem]
    correction: Annotated[
        dict[str, Any] | None,
        Field(description="What was sent back for: comment, points [field, label, reason]"),
    ] = None
    office: Annotated[OfficeItem | None, Field(description="To the staff of the body alone")] = None
    actions: list[AllowedAction]


class EventItem(Schema):
    """An act. Staff appear as department and role, except to their own body."""

    seq: int
    act: str
    label: str
    at: datetime
    actor: dict[str, str]
    content: dict[str, Any] | None = None


class EventPage(Schema):
    items: list[EventItem]


class RecordItem(Schema):
    key: str
    data: dict[str, Any]
    version: int
    updated_at: datetime


class RecordPage(Schema):
    items: list[RecordItem]
    next: str | None


class RecordVersionItem(Schema):
    version: int
    data: dict[str, Any]
    valid_from: date
    recorded_at: datetime
    case: str


class AttachmentItem(Schema):
    name: str
    sha256: str
    size: int
    type: str


class Me(Schema):
    id: str
    kind: str
    display_name: str
    roles: list[dict[str, Any]]


def body_of(shape: type[Schema]) -> dict[str, Any]:
    """`requestBody` of an operation that reads its body itself."""
    schema = shape.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


KEY = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            "description": "Your own key: the same key with the same request gives the first answer again",
        }
    ]
}
PROBLEMS: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422, 429), ProblemDocument)
