"""Sends messages: takes one, calls, and writes down what became of it. At least once, always with the same id.

A message is taken with a lease, in its own transaction, so that no other worker sends it meanwhile; a worker that
dies leaves the lease to run out (two minutes), and another one sends the message again. Receivers that fail are
left alone for a while with all that waits for them, so that they don't hold up the others.
"""

from __future__ import annotations

import logging
import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q

from kiban.access.scope import scope
from kiban.cases.models import Inbox
from kiban.delivery import mail, pinned, webhooks
from kiban.delivery.messages import now
from kiban.delivery.models import (
    DEAD,
    DROPPED,
    EMAIL,
    SENT,
    WAITING,
    Message,
    Preference,
    Subscription,
)
from kiban.delivery.retry import next_try
from kiban.ops.metrics import MESSAGES

_log = logging.getLogger("kiban.sender")
LEASE = timedelta(minutes=2)
_BATCH = 100
_EACH = 4  # of one receiver in one round
_THREADS = 4
KEPT = timedelta(days=90)


class Ref(NamedTuple):
    """Where a message stands."""

    body: str
    id: UUID
    owner: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of an attempt. `problem` is a word for the operator, never what somebody wrote."""

    state: str
    problem: str = ""
    patience: float = 0.0
    stop: str = ""


def run(*, limit: int = _BATCH, body: str | None = None) -> int:
    """Sends what is due, several at a time; how many were attempted. Roles other than worker name a `body`."""
    due = _due(now(), limit, body)
    if len(due) <= 1:
        return sum(map(send, due))
    return sum(_pool().map(_send_in_thread, due))


def send(ref: Ref) -> int:
    """One message: 1 when it was attempted, 0 when somebody else has it or it needs nothing any more."""
    taken = _take(ref)
    if taken is None:
        return 0
    message, attempt = taken
    try:
        result = attempt()
    except Exception as error:  # one message must not hold up the others
        _log.exception("a message could not be sent", extra={"id": str(ref.id), "channel": message.channel})
        result = Result(WAITING, type(error).__name__)
    _settle(message, result)
    return 1


def forget_old(moment: datetime) -> int:
    """Takes away what was sent or dropped long ago (worker role); the number of messages."""
    rows = Message.objects.filter(state__in=(SENT, DROPPED), done_at__lt=moment - KEPT)
    gone = 0
    for place in list(rows.values_list("body", flat=True).distinct()[:500]):
        with scope(place):
            gone += rows.filter(body=place).delete()[0]
    return gone


def _due(moment: datetime, limit: int, body: str | None) -> list[Ref]:
    """Messages that are due, the longest waiting first, a few of each receiver."""
    rows = Message.objects.filter(
        Q(leased_until=None) | Q(leased_until__lt=moment), state=WAITING, due_at__lte=moment
    )
    columns = rows.order_by("due_at").values_list("body", "id", "owner")
    if body is not None:
        with scope(body):
            found = list(columns.filter(body=body)[: limit * 10])
    elif settings.DB_ROLE == "worker":
        found = list(columns[: limit * 10])
    else:
        raise ValueError("only the worker looks into all partitions: name a body")
    taken: dict[tuple[str, str], int] = {}
    refs = []
    for place, identity, owner in found:
        count = taken[place, owner] = taken.get((place, owner), 0) + 1
        if count <= _EACH:
            refs.append(Ref(place, identity, owner))
    return refs[:limit]


def _take(ref: Ref):  # type: ignore[no-untyped-def]  # (message, what to call) or None
    """Leases a message and reads what sending it needs. What nobody wants any more is dropped."""
    moment = now()
    with scope(ref.body):
        message = (
            Message.objects.select_for_update(skip_locked=True)
            .filter(
                Q(leased_until=None) | Q(leased_until__lt=moment), body=ref.body, id=ref.id, state=WAITING
            )
            .first()
        )
        if message is None:
            return None
        attempt = _attempt_by_mail(message) if message.channel == EMAIL else _attempt_by_call(message)
        if attempt is None:
            _write(message, Result(DROPPED, "not_wanted"), moment)
            return None
        message.leased_until, message.attempts = moment + LEASE, message.attempts + 1
        message.save(update_fields=["leased_until", "attempts"])
    return message, attempt


def _attempt_by_mail(message: Message):  # type: ignore[no-untyped-def]
    wish = Preference.objects.filter(body=message.body, owner=message.owner).first()
    if wish is None:
        return None
    if message.kind == mail.CONFIRMATION:
        if not wish.pending or mail.fingerprint(wish.pending) != message.content.get("address"):
            return None
        return lambda: _by_mail(lambda: mail.confirmation(message, wish))
    notice = Inbox.objects.filter(body=message.body, id=message.about).first()
    if notice is None or wish.confirmed_at is None or message.kind in wish.muted:
        return None
    return lambda: _by_mail(lambda: mail.notice(message, wish, notice))


def _by_mail(call) -> Result:  # type: ignore[no-untyped-def]
    try:
        call()
    except mail.Rejected as error:
        return Result(DEAD if error.final else WAITING, error.reason)
    return Result(SENT)


def _attempt_by_call(message: Message):  # type: ignore[no-untyped-def]
    subscription = Subscription.objects.filter(body=message.body, id=message.owner, active=True).first()
    return None if subscription is None else (lambda: _by_call(subscription, message))


def _by_call(subscription: Subscription, message: Message) -> Result:
    try:
        answer = webhooks.call(subscription, message)
    except pinned.Refused as error:
        # A name that can't be resolved just now may come back; an address of our own network is never called.
        return Result(WAITING if error.reason == "unknown_host" else DEAD, error.reason)
    except pinned.NotReached as error:
        return Result(WAITING, error.reason)
    if 200 <= answer.status < 300:
        return Result(SENT)
    if answer.status == 410:
        return Result(DEAD, "http_410", stop="gone")
    return Result(WAITING, f"http_{answer.status}", patience=answer.retry_after)


def _settle(message: Message, result: Result) -> None:
    moment = now()
    with scope(message.body):
        _write(message, result, moment)


def _write(message: Message, result: Result, moment: datetime) -> None:
    """What became of it, in the open scope."""
    state, due = result.state, message.due_at
    if state == WAITING:
        again = next_try(message.channel, message.attempts, moment, at_least=result.patience)
        state, due = (WAITING, again) if again is not None else (DEAD, due)
    Message.objects.filter(body=message.body, id=message.id).update(
        state=state, due_at=due, leased_until=None, problem=result.problem,
        done_at=None if state == WAITING else moment,
    )  # fmt: skip
    MESSAGES.labels(message.channel, "retry" if state == WAITING else state).inc()
    if state == WAITING and message.channel != EMAIL:
        _leave_alone(message, due)
    if result.stop:
        Subscription.objects.filter(body=message.body, id=message.owner).update(
            active=False, stopped=result.stop, updated_at=moment
        )


def _leave_alone(message: Message, until: datetime) -> None:
    """What else waits for a receiver that fails is not tried before `until`, and then not all at once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE delivery_message SET due_at = %s + random() * %s * interval '1 second'"
            " WHERE body = %s AND channel = %s AND owner = %s AND state = 'waiting' AND due_at < %s"
            " AND leased_until IS NULL AND id <> %s",
            [until, random.uniform(1, 5), message.body, message.channel, message.owner, until, message.id],  # noqa: S311
        )


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_THREADS, thread_name_prefix="sender")


def _send_in_thread(ref: Ref) -> int:
    """In a thread with a connection of its own; a broken one is given up."""
    try:
        return send(ref)
    except Exception:
        _log.exception("a message could not be settled", extra={"id": str(ref.id)})
        connection.close()
        return 0


def close() -> None:
    """Closes the connections of the threads (tests)."""
    list(_pool().map(lambda _: connection.close(), range(_THREADS * 2)))
