"""The shapes of what is delivered (lines, notices) and of webhooks, for the OpenAPI document."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field


class DeliveredCase(Schema):
    """A line of a case that stands in `body`, as it was delivered to the one who looks."""

    body: str
    case: str
    service: str
    procedure: str
    number: str
    state: str
    final: bool
    title: str
    due_on: date | None
    seq: int


class DeliveredCases(Schema):
    items: list[DeliveredCase]
    next: str | None


class DeliveredNotice(Schema):
    """A notice that was delivered; `subject` and `text` are {ja, en}."""

    id: str
    body: str
    case: str
    service: str
    kind: str
    subject: dict[str, str]
    text: dict[str, str]
    at: datetime
    read_at: datetime | None


class NoticePage(Schema):
    items: list[DeliveredNotice]
    next: str | None
    unread: int


class Unread(Schema):
    unread: int


class WebhookBody(Schema):
    label: str
    url: Annotated[str, Field(description="https, a public address")]
    types: list[Literal["kiban.case.opened", "kiban.case.changed", "kiban.document.issued"]]


class Webhook(Schema):
    id: str
    label: str
    url: str
    types: list[str]
    active: bool
    stopped: str
    created_at: datetime
    secret: Annotated[str | None, Field(description="Only in the answer that makes it")] = None


class WebhookList(Schema):
    items: list[Webhook]


class WebhookDone(Schema):
    done: bool
    message: str | None = None
    secret: str | None = None
    again: int | None = None


class Done(Schema):
    done: bool


class WebhookCall(Schema):
    id: str
    created_at: datetime
    kind: str
    state: Literal["waiting", "sent", "dead", "dropped"]
    attempts: int
    problem: str


class CallList(Schema):
    items: list[WebhookCall]
