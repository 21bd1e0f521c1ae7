"""What acts leave to be done: lists and notices into the parties' partitions, PDFs of documents. Each may be repeated.

`run` takes a batch, oldest first: one transaction reads what belongs to a body's rows, one per party writes what
is for it, one per body takes the rows away that are done. A row that fails waits (1 minute, then twice as long
each time, at most a day) and keeps the kind of its problem; the others go on.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from kiban.access.scope import scope
from kiban.cases.models import Case, Filed, Inbox, Notice, Outbox
from kiban.definitions import editions
from kiban.documents import issue
from kiban.documents.models import Document

_log = logging.getLogger("kiban.outbox")
_BATCH = 200
_LONGEST_WAIT = timedelta(days=1)


class Job(NamedTuple):
    """A row of the outbox: `jobs` are some of filed, notices, documents."""

    body: str
    case_id: UUID
    seq: int
    jobs: tuple[str, ...]
    attempts: int


@dataclass
class _Batch:
    """The rows of one body and what was read for them."""

    body: str
    jobs: list[Job]
    cases: dict[UUID, Case] = field(default_factory=dict)
    notices: dict[tuple[UUID, int], list[Notice]] = field(default_factory=lambda: defaultdict(list))
    documents: dict[tuple[UUID, int], list[Document]] = field(default_factory=lambda: defaultdict(list))
    failed: dict[Job, str] = field(default_factory=dict)


def run(now: datetime, *, limit: int = _BATCH, body: str | None = None) -> int:
    """Does up to `limit` rows that are due; the number done. Roles other than worker name a `body`."""
    done = 0
    by_body: dict[str, list[Job]] = defaultdict(list)
    for job in _waiting(now, limit, body):
        by_body[job.body].append(job)
    for code, jobs in by_body.items():
        batch = _Batch(code, jobs)
        _read(batch)
        _deliver(batch)
        _print(batch)
        _finish(batch, now)
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
    with scope(batch.body):
        here = {"body": batch.body, "case_id__in": ids}
        wanted = {(job.case_id, job.seq) for job in batch.jobs}
        columns = ("body", "id", "service", "edition", "party", "opened_at")
        for case in Case.objects.filter(body=batch.body, id__in=ids).only(*columns):
            batch.cases[case.id] = case
        for notice in Notice.objects.filter(**here).order_by("id"):
            if (notice.case_id, notice.seq) in wanted:
                batch.notices[notice.case_id, notice.seq].append(notice)
        for document in Document.objects.filter(**here, pdf=None):
            if (document.case_id, document.seq) in wanted:
                batch.documents[document.case_id, document.seq].append(document)


def _deliver(batch: _Batch) -> None:
    """Lists and notices, party by party."""
    by_party: dict[str, list[Job]] = defaultdict(list)
    for job in batch.jobs:
        if {"filed", "notices"} & set(job.jobs):
            by_party[batch.cases[job.case_id].party].append(job)
    for party, jobs in by_party.items():
        _attempt(batch, jobs, lambda party=party, jobs=jobs: _to_party(batch, party, jobs))  # type: ignore[misc]


def _to_party(batch: _Batch, party: str, jobs: Iterable[Job]) -> None:
    filed, delivered = [], []
    for job in jobs:
        case = batch.cases[job.case_id]
        if "filed" in job.jobs:
            filed.append(
                Filed(body=party, target=batch.body, case_id=case.id, service=case.service, at=case.opened_at)
            )
        if "notices" in job.jobs:
            delivered += [
                _copy(notice, case)
                for notice in batch.notices[job.case_id, job.seq]
                if _for_party(notice, case)
            ]
    with scope(party):
        Filed.objects.bulk_create(filed, ignore_conflicts=True)
        Inbox.objects.bulk_create(delivered, ignore_conflicts=True)


def _for_party(notice: Notice, case: Case) -> bool:
    role = editions.get(case.edition).service.roles.get(notice.to)
    return role is not None and role.kind == "party"


def _copy(notice: Notice, case: Case) -> Inbox:
    return Inbox(
        body=case.party, id=notice.id, target=notice.body, case_id=case.id, name=notice.name,
        subject=notice.subject, text=notice.text, at=notice.at,
    )  # fmt: skip


def _print(batch: _Batch) -> None:
    for job in batch.jobs:
        for document in batch.documents[job.case_id, job.seq] if "documents" in job.jobs else ():
            _attempt(batch, [job], lambda document=document: issue.render(document))  # type: ignore[misc]


def _attempt(batch: _Batch, jobs: Iterable[Job], work: Callable[[], object]) -> None:
    try:
        work()
    except Exception as error:  # one row must not hold up the others
        for job in jobs:
            _log.exception("outbox work failed", extra={"case": str(job.case_id), "seq": job.seq})
            batch.failed[job] = type(error).__name__


def _finish(batch: _Batch, now: datetime) -> None:
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
                attempts=F("attempts") + 1, retry_at=now + wait, problem=problem
            )
