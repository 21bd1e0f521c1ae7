"""How the work after the act stands: which workers live, how long the queues are, what is stuck.

A worker writes it (`beat`, `look`); pages and metrics read it (`workers`, `queues`, `stuck`), as a role that could
not look into the partitions itself. Only ids, names of queues and kinds of problems stand there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from django.db import connection, transaction
from django.db.models import Count, Min, Q
from django.db.models.functions import Coalesce

from kiban.cases.models import Agenda, Outbox
from kiban.delivery.messages import now
from kiban.delivery.models import DEAD, EMAIL, WAITING, WEBHOOK, Heartbeat, Message, Queue, Stuck
from kiban.imports.models import WAITING as UPLOADS_WAITING
from kiban.imports.models import Upload

LATE = timedelta(minutes=5)
SILENT = timedelta(seconds=60)
FORGET = timedelta(days=1)
_MOST = 500
_LOCK = 7_302_011


class Pulse:
    """What this process says of itself; threads of it may tell at what they are."""

    def __init__(self, name: str) -> None:
        self.name, self.started, self.done = name, now(), 0
        self._work, self._since = "", None  # type: tuple[str, datetime | None]
        self._lock = Lock()

    @contextmanager
    def busy(self, work: str) -> Iterator[None]:
        """While one piece of work lasts."""
        with self._lock:
            self._work, self._since = work, now()
        try:
            yield
        finally:
            with self._lock:
                self._work, self._since = "", None

    def beat(self) -> None:
        """Writes it down."""
        with self._lock:
            work, since = self._work, self._since
        Heartbeat.objects.update_or_create(
            name=self.name,
            defaults={
                "started_at": self.started, "seen_at": now(), "work": work, "busy_since": since, "done": self.done,
            },
        )  # fmt: skip
        Heartbeat.objects.filter(seen_at__lt=now() - FORGET).delete()


def look(clock_now: datetime) -> bool:
    """Looks into all queues and writes down how they stand (worker role); False when another worker just does.

    Clocks and the outbox are counted by the platform's time, messages by that of the world outside.
    """
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
            if not cursor.fetchone()[0]:
                return False
        found = measure(clock_now)
        for queue, _items in found:
            queue.save()
        Stuck.objects.all().delete()
        Stuck.objects.bulk_create([item for _queue, items in found for item in items[:_MOST]])
    return True


def measure(clock_now: datetime) -> list[tuple[Queue, list[Stuck]]]:
    """How each queue stands at this moment, with what is stuck in it (worker role); nothing is written."""
    moment = now()
    found = [
        _clocks(clock_now), _outbox(clock_now), _imports(clock_now), _messages(EMAIL, moment),
        _messages(WEBHOOK, moment),
    ]  # fmt: skip
    for queue, _items in found:
        queue.looked_at = moment
    return found


def _clocks(moment: datetime) -> tuple[Queue, list[Stuck]]:
    rows = Agenda.objects.filter(fired=False, at__lte=moment)
    failing = rows.filter(attempts__gt=0).order_by("at")[:_MOST]
    items = [
        Stuck(queue="clock", place=a.body, item=str(a.case_id), kind=a.clock, case_id=a.case_id, attempts=a.attempts,
              problem=a.problem, since=a.at, next_at=a.retry_at)
        for a in failing
    ]  # fmt: skip
    return _queue("clock", rows, "at", moment), items


def _outbox(moment: datetime) -> tuple[Queue, list[Stuck]]:
    rows = Outbox.objects.all()
    items = [
        Stuck(queue="outbox", place=o.body, item=f"{o.case_id}/{o.seq}", kind=", ".join(o.jobs), case_id=o.case_id,
              attempts=o.attempts, problem=o.problem, since=o.at, next_at=o.retry_at)
        for o in rows.filter(attempts__gt=0).order_by("at")[:_MOST]
    ]  # fmt: skip
    return _queue("outbox", rows, "at", moment), items


def _imports(moment: datetime) -> tuple[Queue, list[Stuck]]:
    """Ledgers that were sent and are tried out, or confirmed and are taken."""
    rows = Upload.objects.filter(state__in=UPLOADS_WAITING).annotate(since=Coalesce("confirmed_at", "at"))
    items = [
        Stuck(queue="import", place=u.body, item=str(u.id), kind=u.state, attempts=u.attempts, problem=u.problem,
              since=u.since, next_at=u.retry_at)
        for u in rows.filter(attempts__gt=0).order_by("at")[:_MOST]
    ]  # fmt: skip
    return _queue("import", rows, "since", moment), items


def _messages(channel: str, moment: datetime) -> tuple[Queue, list[Stuck]]:
    """A party's partition is not named: who has a message waiting is nobody's business here."""
    rows = Message.objects.filter(channel=channel)
    wrong = rows.filter(Q(state=DEAD) | Q(state=WAITING, attempts__gt=0)).order_by("created_at")[:_MOST]
    items = [
        Stuck(queue=channel, place="" if m.body.startswith("p-") else m.body, item=str(m.id), kind=m.kind,
              attempts=m.attempts, problem=m.problem, since=m.created_at, dead=m.state == DEAD,
              next_at=None if m.state == DEAD else m.due_at)
        for m in wrong.defer("content")
    ]  # fmt: skip
    queue = _queue(channel, rows.filter(state=WAITING), "due_at", moment)
    queue.dead = rows.filter(state=DEAD).count()
    return queue, items


def _queue(name: str, rows, at: str, moment: datetime) -> Queue:  # type: ignore[no-untyped-def]
    late = Q(**{f"{at}__lt": moment - LATE})
    found = rows.aggregate(
        waiting=Count("body"), late=Count("body", filter=late), failing=Count("body", filter=Q(attempts__gt=0)),
        oldest_at=Min(at),
    )  # fmt: skip
    return Queue(name=name, dead=0, **found)


@dataclass(frozen=True, slots=True)
class Report:
    """How everything stands, in words for a page and for the doctor."""

    workers: list[Heartbeat]
    alive: int
    queues: list[Queue]
    stuck: list[Stuck]
    looked_at: datetime | None

    @property
    def well(self) -> bool:
        """A worker lives, nothing is late, nothing was given up."""
        return self.alive > 0 and not any(queue.late or queue.dead for queue in self.queues)


def report() -> Report:
    """What the workers wrote last."""
    moment = now()
    workers = list(Heartbeat.objects.order_by("-seen_at")[:50])
    queues = list(Queue.objects.order_by("name"))
    return Report(
        workers,
        sum(worker.seen_at > moment - SILENT for worker in workers),
        queues,
        list(Stuck.objects.order_by("-dead", "since")[:_MOST]),
        min((queue.looked_at for queue in queues), default=None),
    )
