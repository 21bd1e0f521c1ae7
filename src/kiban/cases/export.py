"""A body's own cases as a CSV file: one procedure, one fiscal year, every value that the reader may see.

It holds the fields that the body has added, also those that it asks no more: whoever is not of the body has no such
file. Rows are read and written one by one, so that a year of a large city fits.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import IO

from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.models import Case
from kiban.definitions import local
from kiban.kernel.dates import JST, today_in_tokyo
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.sight import sight
from kiban.kernel.state import state_from_json
from kiban.kernel.values import Codec

_BATCH = 500
_PLAIN = ("date", "time", "integer", "money", "decimal")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_FIXED = (
    Label(ja="受付番号", en="Receipt number"), Label(ja="状態", en="State"), Label(ja="受付日", en="Received on"),
    Label(ja="期限", en="Due"),
)  # fmt: skip


@dataclass(frozen=True)
class Chosen:
    """Which cases: of a procedure of an edition of a body, opened in a fiscal year (April to March, Asia/Tokyo)."""

    body: str
    edition: str
    service: str
    procedure: str
    year: int


def write(out: IO[str], chosen: Chosen, roles: Collection[str], viewer: str, language: str) -> int:
    """Writes the file with a byte order mark; how many cases stand in it. Opens its own scope."""
    procedure = local.ever(chosen.edition, chosen.body).procedures[chosen.procedure]
    names = columns(procedure, roles)
    out.write("\ufeff")
    writer = csv.writer(out)
    words = [procedure.codecs.get(name) for name in names]
    writer.writerow(
        [label.text(language) for label in _FIXED]
        + [codec.field.label.text(language) for codec in words if codec is not None]
    )
    count = 0
    with scope(chosen.body, viewer=viewer):
        queries.log_access("export")
        for row in _rows(chosen):
            writer.writerow(_cells(row, procedure, names, language))
            count += 1
    return count


def columns(procedure: CompiledProcedure, roles: Collection[str]) -> list[str]:
    """The fields and computed values that the roles may see, as the form has them; no files, no secrets."""
    seen = sight(procedure, roles).names
    known: dict[str, Codec] = {**procedure.codecs.fields, **procedure.codecs.computed}
    hidden = procedure.codecs.files | procedure.codecs.secret
    return [name for name in known if name in seen and name not in hidden]


def safe(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(chosen: Chosen) -> Iterator[Case]:
    first, last = (datetime.combine(date(y, 4, 1), time(), JST) for y in (chosen.year, chosen.year + 1))
    rows = Case.objects.filter(
        body=chosen.body, service=chosen.service, procedure=chosen.procedure, opened_at__gte=first, opened_at__lt=last
    )  # fmt: skip
    return rows.order_by("id").iterator(chunk_size=_BATCH)


def _cells(row: Case, procedure: CompiledProcedure, names: list[str], language: str) -> Iterator[str]:
    state = state_from_json(procedure, row.document, id=str(row.id), number=row.number, seq=row.seq)
    word = procedure.procedure.states.get(row.state)
    yield row.number
    yield word.label.text(language) if word is not None else row.state
    yield today_in_tokyo(row.opened_at).isoformat()
    yield row.due_on.isoformat() if row.due_on is not None else ""
    for name in names:
        codec = procedure.codecs.get(name)
        if codec is not None:
            yield _cell(codec, state.values.get(name), language)


def _cell(codec: Codec, value: object, language: str) -> str:
    """A value as a spreadsheet reads it: days and numbers in their plain form, everything else in words."""
    if value is not None and codec.field.type in _PLAIN:
        return codec.plain(value)
    return safe(codec.display(value, language))
