"""What was delivered into a partition: the list of cases, and the notices with who has read them.

A party has one box for all who act for it (`owner` is empty); each of the staff has one in each body (`owner` is the
user). These functions open their own scopes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet

from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases.models import Inbox, Shared
from kiban.cases.paging import BadCursor, Page, decode, encode
from kiban.ops import clock

_MOST = 200
ABOVE = ("below", "nation", "granted")  # why cases of other bodies are listed


@dataclass(frozen=True, slots=True)
class Box:
    """Whose notices: a partition, and there the user (empty: everybody of the party)."""

    partition: str
    owner: str
    viewer: str


def box_of(user: User, body: str = "") -> Box:
    """A party's own box; of staff the one in `body`."""
    if user.kind == "party":
        return Box(user.partition, "", str(user.id))
    return Box(body, str(user.id), str(user.id))


def cases(
    partition: str,
    *,
    why: tuple[str, ...] = ("own",),
    service: str | None = None,
    target: str | None = None,
    state: str | None = None,
    final: bool | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[Shared]:
    """Lines of cases that stand elsewhere: open ones first, then the earliest due, then the oldest.

    `why`: own, below, nation, granted. `target`: the body in which they stand. Raises paging.BadCursor.
    """
    rows = _standing(partition).filter(why__in=why, seq__gt=0)
    for name, value in (("service", service), ("target", target), ("state", state), ("final", final)):
        if value is not None:
            rows = rows.filter(**{name: value})
    if cursor is not None:
        rows = rows.filter(_after(cursor))
    limit = max(1, min(limit, _MOST))
    with scope(partition):
        found = list(rows.order_by("final", F("due_on").asc(nulls_last=True), "case_id")[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    due = last.due_on.isoformat() if last.due_on else None
    return Page(found[:limit], encode([last.final, due, str(last.case_id)]))


def _standing(partition: str) -> QuerySet[Shared]:
    """The lines that have not ended."""
    return Shared.objects.filter(Q(until=None) | Q(until__gte=clock.today()), body=partition)


def targets(partition: str, service: str) -> list[str]:
    """The bodies from which cases of a service have been delivered."""
    with scope(partition):
        rows = _standing(partition).filter(service=service).exclude(why="own")
        return sorted(rows.values_list("target", flat=True).distinct())


def notices(
    box: Box, *, service: str | None = None, unread: bool = False, limit: int = 50, cursor: str | None = None
) -> Page[Inbox]:
    """Notices, newest first. Raises paging.BadCursor."""
    rows = _rows(box, service)
    if unread:
        rows = rows.filter(read_at=None)
    if cursor is not None:
        at, last = decode(cursor, str, str)
        try:
            moment, identity = datetime.fromisoformat(str(at)), UUID(str(last))
        except ValueError:
            raise BadCursor("of another list") from None
        rows = rows.filter(Q(at__lt=moment) | Q(at=moment, id__lt=identity))
    limit = max(1, min(limit, _MOST))
    with scope(box.partition, viewer=box.viewer):
        found = list(rows.order_by("-at", "-id")[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last_row = found[limit - 1]
    return Page(found[:limit], encode([last_row.at.isoformat(), str(last_row.id)]))


def unread(box: Box, service: str | None = None) -> int:
    """How many notices have not been read."""
    with scope(box.partition, viewer=box.viewer):
        return _rows(box, service).filter(read_at=None).count()


def mark_read(box: Box, notice: UUID | str | None = None, *, service: str | None = None) -> int:
    """A notice, or every one, has been seen; how many had not been."""
    rows = _rows(box, service).filter(read_at=None)
    if notice is not None:
        rows = rows.filter(id=notice)
    with scope(box.partition, viewer=box.viewer):
        return rows.update(read_at=clock.now())


def exists(box: Box, notice: UUID | str) -> bool:
    """Whether this notice is in the box."""
    with scope(box.partition, viewer=box.viewer):
        return _rows(box, None).filter(id=notice).exists()


def _rows(box: Box, service: str | None):  # type: ignore[no-untyped-def]  # a queryset of Inbox
    rows = Inbox.objects.filter(body=box.partition, owner=box.owner)
    return rows if service is None else rows.filter(service=service)


def _after(cursor: str) -> Q:
    """Rows after a cursor in the order (final, due_on nulls last, case_id)."""
    final, due, last = decode(cursor, bool, str, str)
    try:
        identity = UUID(str(last))
    except ValueError:
        raise BadCursor("of another list") from None
    if due is None:
        beyond = Q(due_on=None, case_id__gt=identity)
    else:
        beyond = Q(due_on__gt=due) | Q(due_on=None) | Q(due_on=due, case_id__gt=identity)
    return Q(final__gt=final) | (Q(final=final) & beyond)
