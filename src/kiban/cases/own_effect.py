"""A service's own effect (導入の効果) at a body, month by month, computed from the events of its cases.

Waiting is from the opening act to the act that decides, in days; handling is the same without the time in which the
case was back with its applicant. A case counts in the month (Asia/Tokyo) in which it was opened.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases.models import Case, Event
from kiban.definitions import editions
from kiban.kernel.dates import JST, today_in_tokyo
from kiban.kernel.definitions.model import Procedure, Service

CHANNELS = ("online", "counter", "machine")
MONTHS = 13
_DAY = 86_400.0
_CHUNK = 5_000


@dataclass
class Line:
    """A month of a procedure. Times are medians in days, None while nothing was decided."""

    month: str
    procedure: str
    opened: int = 0
    decided: int = 0
    returned: int = 0
    channels: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CHANNELS, 0))
    waits: list[float] = field(default_factory=list)
    handlings: list[float] = field(default_factory=list)

    @property
    def waiting(self) -> float | None:
        """Median days from the opening to the decision."""
        return round(median(self.waits), 1) if self.waits else None

    @property
    def handling(self) -> float | None:
        """Median days of these with the office."""
        return round(median(self.handlings), 1) if self.handlings else None

    @property
    def online_share(self) -> int | None:
        """Percent that came without a visit to the counter."""
        return round(100 * (self.opened - self.channels["counter"]) / self.opened) if self.opened else None

    def json(self) -> dict[str, Any]:
        """The line as the API gives it."""
        return {
            "month": self.month, "procedure": self.procedure, "opened": self.opened, "decided": self.decided,
            "returned": self.returned, "channels": self.channels, "online_share_percent": self.online_share,
            "waiting_days_median": self.waiting, "handling_days_median": self.handling,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Acts:
    """What an act means for the clock of a case, read from the definition."""

    decides: frozenset[str]
    returns: frozenset[str]
    resumes: frozenset[str]


def acts_of(service: Service, procedure: Procedure) -> Acts:
    """Acts that decide; acts that give the case back to its party for correction; and those that bring it back.

    A case is back with its party in a state from which a party's act takes the form again.
    """
    party = {name for name, role in service.roles.items() if role.kind == "party"}
    again = [a for a in procedure.actions.values() if a.input and not a.opens and party & set(a.roles)]
    waits = {state for action in again for state in action.from_}
    returns = {
        action.name
        for action in procedure.actions.values()
        if not party & set(action.roles) and any(target.state in waits for target in action.to)
    }
    decides = {action.name for action in procedure.actions.values() if action.decides}
    return Acts(frozenset(decides), frozenset(returns), frozenset(action.name for action in again))


def measure(acts: Acts, events: Iterable[tuple[str, datetime]], line: Line) -> None:
    """Adds a case to its line; `events` are (act, time) in order, the opening one first."""
    opened: datetime | None = None
    away: datetime | None = None
    absent = 0.0
    for act, at in events:
        if opened is None:
            opened = at
            line.opened += 1
            continue
        if act in acts.returns:
            line.returned += 1
            away = away or at
        elif away is not None and act in acts.resumes:
            absent += (at - away).total_seconds()
            away = None
        if act in acts.decides:
            if away is not None:
                absent += (at - away).total_seconds()
            line.decided += 1
            waited = (at - opened).total_seconds()
            line.waits.append(waited / _DAY)
            line.handlings.append((waited - absent) / _DAY)
            return


def first_month(until: date, months: int = MONTHS) -> date:
    """The first day of the month that lies `months` − 1 before the one of `until`."""
    number = until.year * 12 + until.month - months
    return date(number // 12, number % 12 + 1, 1)


def own_effect(service: str, body: str, since: date, until: date, viewer: str) -> list[Line]:
    """The lines of a service at a body for cases opened from `since` to `until` (included). Opens its own scope."""
    lines: dict[tuple[str, str], Line] = {}
    begin = datetime.combine(since, time(), JST)
    end = datetime.combine(until + timedelta(days=1), time(), JST)
    known: dict[tuple[str, str], Acts] = {}
    with scope(body, viewer=viewer):
        rows = Case.objects.filter(body=body, service=service, opened_at__gte=begin, opened_at__lt=end)
        cases = list(rows.order_by("id").values_list("id", "procedure", "edition", "opened_at"))
        for start in range(0, len(cases), _CHUNK):
            part = cases[start : start + _CHUNK]
            events, openers = _events(body, [case[0] for case in part])
            machines = _machines(openers.values())
            for case_id, procedure, edition, opened_at in part:
                month = today_in_tokyo(opened_at).isoformat()[:7]
                line = lines.setdefault((month, procedure), Line(month, procedure))
                key = (edition, procedure)
                if key not in known:
                    word = editions.get(edition).service
                    known[key] = acts_of(word, word.procedures[procedure])
                measure(known[key], events[case_id], line)
                actor, place = openers[case_id]
                channel = (
                    "online" if place.startswith("p-") else "machine" if actor in machines else "counter"
                )
                line.channels[channel] += 1
    return [lines[key] for key in sorted(lines)]


def _events(
    body: str, ids: list[UUID]
) -> tuple[dict[UUID, list[tuple[str, datetime]]], dict[UUID, tuple[str, str]]]:
    events: dict[UUID, list[tuple[str, datetime]]] = {case_id: [] for case_id in ids}
    openers: dict[UUID, tuple[str, str]] = {}
    rows = Event.objects.filter(body=body, case_id__in=ids).order_by("case_id", "seq")
    for case_id, act, at, actor, place in rows.values_list(
        "case_id", "act", "at", "actor", "place"
    ).iterator():
        events[case_id].append((act, at))
        openers.setdefault(case_id, (actor, place))
    return events, openers


def _machines(openers: Iterable[tuple[str, str]]) -> set[str]:
    ids = {actor for actor, place in openers if not place.startswith("p-")}
    uuids = [actor for actor in ids if len(actor) == 36]
    return {
        str(found) for found in User.objects.filter(id__in=uuids, kind="machine").values_list("id", flat=True)
    }


HEADINGS = {
    "ja": ("月", "手続", "受付件数", "決定件数", "補正の回数", "オンライン", "窓口", "システム連携", "来庁なし（%）",
           "申請から決定まで（日・中央値）", "うち役所の処理（日・中央値）"),
    "en": ("month", "procedure", "opened", "decided", "returned for correction", "online", "counter", "machine",
           "without a visit (%)", "days from submission to decision (median)", "of these with the office (median)"),
}  # fmt: skip


def as_csv(lines: Iterable[Line], labels: Mapping[str, str], language: str) -> str:
    """The lines as CSV with a byte order mark, so that spreadsheets read its Japanese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS[language])
    writer.writerows(_cells(line, labels) for line in lines)
    return f"\ufeff{out.getvalue()}"


def _cells(line: Line, labels: Mapping[str, str]) -> Iterator[object]:
    yield from (
        line.month,
        labels.get(line.procedure, line.procedure),
        line.opened,
        line.decided,
        line.returned,
    )
    yield from (line.channels[channel] for channel in CHANNELS)
    yield from ("" if value is None else value for value in (line.online_share, line.waiting, line.handling))
