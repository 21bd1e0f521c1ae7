"""What acts leave to be done: lists and notices into the parties' partitions, PDFs of documents. Each may be repeated.

A row that fails waits (1 minute, then twice as long each time, at most a day) and keeps the kind of its problem.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from kiban.access.scope import scope
from kiban.cases import filing
from kiban.cases.models import Case, Inbox, Notice, Outbox
from kiban.definitions import editions
from kiban.documents import issue
from kiban.documents.models import Document

_log = logging.getLogger("kiban.outbox")
_BATCH = 100
_LONGEST_WAIT = timedelta(days=1)


class Job(NamedTuple):
    """A row of the outbox."""

    body: str
    case_id: UUID
    seq: int
    jobs: list[str]
    attempts: int


def run(now: datetime, *, limit: int = _BATCH, body: str | None = None) -> int:
    """Does up to `limit` rows that are due, oldest first; the number done. Roles other than worker name a `body`."""
    done = 0
    for job in _waiting(now, limit, body):
        try:
            _do(job)
        except Exception as error:
            _log.exception("outbox work failed", extra={"case": str(job.case_id), "seq": job.seq})
            _postpone(job, type(error).__name__, now)
            continue
        with scope(job.body):
            Outbox.objects.filter(body=job.body, case_id=job.case_id, seq=job.seq).delete()
        done += 1
    return done


def _waiting(now: datetime, limit: int, body: str | None) -> list[Job]:
    rows = Outbox.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now)).order_by(
        "at", "body", "case_id", "seq"
    )
    columns = rows.values_list("body", "case_id", "seq", "jobs", "attempts")
    if body is not None:
        with scope(body):
            return [Job(*row) for row in columns.filter(body=body)[:limit]]
    if settings.DB_ROLE != "worker":
        raise ValueError("only the worker looks into all partitions: name a body")
    return [Job(*row) for row in columns[:limit]]


def _do(job: Job) -> None:
    for word in job.jobs:
        _JOBS[word](job)


def _filed(job: Job) -> None:
    case = _case(job)
    filing.file(case.party, job.body, str(case.id), case.service, case.opened_at)


def _notices(job: Job) -> None:
    """Delivers to the case's party what was sent to a party role."""
    case = _case(job)
    roles = editions.get(case.edition).service.roles
    with scope(job.body):
        sent = list(Notice.objects.filter(body=job.body, case_id=job.case_id, seq=job.seq))
    delivered = [
        Inbox(
            body=case.party, id=notice.id, target=job.body, case_id=job.case_id, name=notice.name,
            subject=notice.subject, text=notice.text, at=notice.at,
        )
        for notice in sent
        if notice.to in roles and roles[notice.to].kind == "party"
    ]  # fmt: skip
    with scope(case.party):
        Inbox.objects.bulk_create(delivered, ignore_conflicts=True)


def _documents(job: Job) -> None:
    with scope(job.body):
        waiting = list(Document.objects.filter(body=job.body, case_id=job.case_id, seq=job.seq, pdf=None))
    for document in waiting:
        issue.render(document)


_JOBS = {"filed": _filed, "notices": _notices, "documents": _documents}


def _case(job: Job) -> Case:
    with scope(job.body):
        return Case.objects.get(body=job.body, id=job.case_id)


def _postpone(job: Job, problem: str, now: datetime) -> None:
    wait = min(timedelta(minutes=2**job.attempts), _LONGEST_WAIT)
    with scope(job.body):
        Outbox.objects.filter(body=job.body, case_id=job.case_id, seq=job.seq).update(
            attempts=F("attempts") + 1, retry_at=now + wait, problem=problem
        )


def pending(body: str) -> int:
    """How many rows wait in a body (for the desk of operations)."""
    with scope(body):
        return Outbox.objects.filter(body=body).count()
