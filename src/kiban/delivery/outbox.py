"""What acts leave to be done, and where it goes. Each step may be repeated: ids follow from the act.

`run` takes a batch, oldest first: one transaction reads what belongs to a body's rows, one per viewer's partition
writes the lines, notices and e-mails for it, one per body takes the rows away that are done. A row that fails waits
(1 minute, then twice as long each time, at most a day) and keeps the kind of its problem; the others go on.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from django.conf import settings
from django.db import connection
from django.db.models import F, Q

from kiban.access import people
from kiban.access.actors import holders
from kiban.access.deputies import deputies_of
from kiban.access.scope import scope
from kiban.cases.granting import granted
from kiban.cases.lines import WRITE, Line, viewers
from kiban.cases.models import Case, Event, Inbox, Notice, Outbox
from kiban.definitions import editions
from kiban.delivery import messages, webhooks
from kiban.delivery.models import Message, Subscription
from kiban.documents import issue
from kiban.documents.models import Document
from kiban.kernel import office
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.state import state_from_json
from kiban.ops.metrics import OUTBOX

_log = logging.getLogger("kiban.outbox")
_BATCH = 200
_LONGEST_WAIT = timedelta(days=1)


class Job(NamedTuple):
    """A row of the outbox: `jobs` are some of shared, notices, documents."""

    body: str
    case_id: UUID
    seq: int
    jobs: tuple[str, ...]
    attempts: int


@dataclass
class _Parcel:
    """What goes into one partition, and for whose rows."""

    jobs: list[Job] = field(default_factory=list)
    lines: list[tuple[Line, str]] = field(default_factory=list)
    inbox: list[Inbox] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass
class _Batch:
    """The rows of one body and what was read for them."""

    body: str
    jobs: list[Job]
    now: datetime
    cases: dict[UUID, Case] = field(default_factory=dict)
    events: dict[tuple[UUID, int], Event] = field(default_factory=dict)
    notices: dict[tuple[UUID, int], list[Notice]] = field(default_factory=lambda: defaultdict(list))
    documents: dict[tuple[UUID, int], list[Document]] = field(default_factory=lambda: defaultdict(list))
    subscriptions: list[Subscription] = field(default_factory=list)
    parcels: dict[str, _Parcel] = field(default_factory=lambda: defaultdict(_Parcel))
    failed: dict[Job, str] = field(default_factory=dict)


def run(now: datetime, *, limit: int = _BATCH, body: str | None = None) -> int:
    """Does up to `limit` rows that are due; the number done. Roles other than worker name a `body`."""
    done = 0
    by_body: dict[str, list[Job]] = defaultdict(list)
    for job in _waiting(now, limit, body):
        by_body[job.body].append(job)
    for code, jobs in by_body.items():
        batch = _Batch(code, jobs, now)
        _read(batch)
        _pack(batch)
        for partition, parcel in batch.parcels.items():
            _attempt(
                batch, parcel.jobs, lambda partition=partition, parcel=parcel: _hand_over(partition, parcel)
            )  # type: ignore[misc]
        _print(batch)
        _finish(batch)
        OUTBOX.labels("done").inc(len(jobs) - len(batch.failed))
        OUTBOX.labels("failed").inc(len(batch.failed))
        done += len(jobs) - len(batch.failed)
    return done


def pending(body: str) -> int:
    """How many rows wait in a body."""
    with scope(body):
        return Outbox.objects.filter(body=body).count()


def _waiting(now: datetime, limit: int, body: str | None) -> list[Job]:
    rows = Outbox.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now)).order_by(
        "at", "body", "case_id", "seq"
    )
    columns = rows.values_list("body", "case_id", "seq", "jobs", "attempts")
    if body is not None:
        with scope(body):
            found = list(columns.filter(body=body)[:limit])
    elif settings.DB_ROLE == "worker":
        found = list(columns[:limit])
    else:
        raise ValueError("only the worker looks into all partitions: name a body")
    return [Job(code, case_id, seq, tuple(jobs), attempts) for code, case_id, seq, jobs, attempts in found]


def _read(batch: _Batch) -> None:
    ids = {job.case_id for job in batch.jobs}
    wanted = {(job.case_id, job.seq) for job in batch.jobs}
    with scope(batch.body):
        here = {"body": batch.body, "case_id__in": ids}
        for case in Case.objects.filter(body=batch.body, id__in=ids).defer("head"):
            batch.cases[case.id] = case
        for event in Event.objects.filter(**here).defer("digests", "prev", "hash"):
            batch.events[event.case_id, event.seq] = event
        for notice in Notice.objects.filter(**here).order_by("id"):
            if (notice.case_id, notice.seq) in wanted:
                batch.notices[notice.case_id, notice.seq].append(notice)
        for document in Document.objects.filter(**here).defer("pdf"):
            if (document.case_id, document.seq) in wanted:
                batch.documents[document.case_id, document.seq].append(document)
        batch.subscriptions = list(Subscription.objects.filter(body=batch.body, active=True))


def _pack(batch: _Batch) -> None:
    """Sorts what the rows say by the partition it is for."""
    for job in batch.jobs:
        case = batch.cases[job.case_id]
        _attempt(batch, [job], lambda job=job, case=case: _pack_one(batch, job, case))  # type: ignore[misc]


def _pack_one(batch: _Batch, job: Job, case: Case) -> None:
    if "shared" in job.jobs:
        line = _line(case)
        listed = set()
        for partition, why in viewers(editions.get(case.edition).service, batch.body, case.party):
            listed.add(partition)
            _parcel(batch, partition, job).lines.append((line, why))
        for partition, summary in _granted(case, line):
            if partition not in listed:
                _parcel(batch, partition, job).lines.append((summary, "granted"))
        event = batch.events[job.case_id, job.seq]
        found = webhooks.messages_for(
            batch.subscriptions, case, event, batch.documents[job.case_id, job.seq], batch.now
        )
        if found:
            _parcel(batch, batch.body, job).messages.extend(found)
    if "notices" in job.jobs:
        for notice in batch.notices[job.case_id, job.seq]:
            for partition, copy in _copies(notice, case):
                _parcel(batch, partition, job).inbox.append(copy)


def _granted(case: Case, line: Line) -> Iterable[tuple[str, Line]]:
    """The lines for those to whom the case was granted; most cases are granted to nobody."""
    if not case.document.get("grants"):
        return ()
    procedure = editions.get(case.edition).procedures[case.procedure]
    state = state_from_json(procedure, case.document, id=str(case.id), number=case.number, seq=case.seq)
    return granted(line, procedure, state)


def _parcel(batch: _Batch, partition: str, job: Job) -> _Parcel:
    parcel = batch.parcels[partition]
    if job not in parcel.jobs:
        parcel.jobs.append(job)
    return parcel


def _line(case: Case) -> Line:
    return Line(
        case.body, str(case.id), case.service, case.procedure, case.edition, case.number, case.state, case.final,
        case.title, case.due_on, case.seq, case.opened_at, case.updated_at,
    )  # fmt: skip


def _copies(notice: Notice, case: Case) -> Iterable[tuple[str, Inbox]]:
    """(partition, notice) for those to whom it is: the party, or each of the staff who hold the role now."""
    service = editions.get(case.edition).service
    addressee = office.addressee(notice.to)
    if addressee is not None:
        for user in _addressed(*addressee, case, today_in_tokyo(notice.at)):
            yield notice.body, _copy(notice, case, notice.body, user, uuid5(notice.id, user))
        return
    role = service.roles.get(notice.to)
    if role is None:
        return
    if role.kind == "party" and case.party:
        yield case.party, _copy(notice, case, case.party, "", notice.id)
    elif role.kind == "staff":
        for user in holders(notice.body, case.service, notice.to, on=today_in_tokyo(notice.at)):
            owner = str(user)
            yield notice.body, _copy(notice, case, notice.body, owner, uuid5(notice.id, owner))


def _addressed(kind: str, name: str, case: Case, on: date) -> Iterable[str]:
    """The colleagues whom a notice of the office names (one person, or a department), and their deputies."""
    named = {
        colleague.id
        for colleague in people.colleagues(case.body, case.service, on=on)
        if name == (str(colleague.id) if kind == "person" else colleague.department)
    }
    return [str(user) for user in sorted(named.union(deputies_of(named, case.body, on)))]


def _copy(notice: Notice, case: Case, partition: str, owner: str, id_: UUID) -> Inbox:
    return Inbox(
        body=partition, id=id_, owner=owner, target=notice.body, case_id=case.id, service=case.service,
        name=notice.name, subject=notice.subject, text=notice.text, at=notice.at,
    )  # fmt: skip


def _hand_over(partition: str, parcel: _Parcel) -> None:
    with scope(partition):
        if parcel.lines:
            with connection.cursor() as cursor:
                cursor.executemany(WRITE, [line.values(partition, why) for line, why in parcel.lines])
        Inbox.objects.bulk_create(parcel.inbox, ignore_conflicts=True)
        mails = messages.for_notices(partition, parcel.inbox)
        Message.objects.bulk_create([*parcel.messages, *mails], ignore_conflicts=True)


def _print(batch: _Batch) -> None:
    for job in batch.jobs:
        for document in batch.documents[job.case_id, job.seq] if "documents" in job.jobs else ():
            if not document.sha256:
                _attempt(batch, [job], lambda document=document: issue.render(document))  # type: ignore[misc]


def _attempt(batch: _Batch, jobs: Iterable[Job], work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # one row must not hold up the others
        for job in jobs:
            _log.exception("outbox work failed", extra={"case": str(job.case_id), "seq": job.seq})
            batch.failed[job] = type(error).__name__


def _finish(batch: _Batch) -> None:
    with scope(batch.body):
        done = Q()
        for job in batch.jobs:
            if job not in batch.failed:
                done |= Q(case_id=job.case_id, seq=job.seq)
        if done:
            Outbox.objects.filter(done, body=batch.body).delete()
        for job, problem in batch.failed.items():
            wait = min(timedelta(minutes=2 ** min(job.attempts, 20)), _LONGEST_WAIT)
            Outbox.objects.filter(body=job.body, case_id=job.case_id, seq=job.seq).update(
                attempts=F("attempts") + 1, retry_at=batch.now + wait, problem=problem
            )
