"""A ledger on its way in: sent, tried out, confirmed, taken, or given up. The worker does the rows (`imports.work`).

    take(…) -> Upload                 reads a file into rows (raises workbook.Unreadable)
    find(…), listed(…)                one upload, all of a service
    counts(…), wrong(…), taken(…)     how its rows stand, what is wrong with them, what they became
    confirm(…), cancel(…)             the administrator's word

All open their own scope.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from kiban.access import bodies, changes
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.imports import template, workbook
from kiban.imports.models import (
    CANCELLED,
    CHECKED,
    FRESH,
    READ,
    REFUSED,
    RIGHT,
    RUNNING,
    TAKEN,
    WRONG,
    Upload,
    UploadRow,
)
from kiban.imports.workbook import FoundRow, Sheet, Unreadable
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.imports import CompiledImport, duplicate
from kiban.kernel.problems import INVALID, Problem
from kiban.kernel.text import refuse
from kiban.kernel.values import ReadContext
from kiban.ops import clock

_LONGEST_NAME = 200


class WrongState(RuntimeError):
    """The upload is not (any more) at the point at which this can be said."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of an upload stand in which state."""

    by_state: dict[str, int]

    def of(self, *states: str) -> int:
        return sum(self.by_state.get(state, 0) for state in states)


def take(item: CompiledImport, body: str, user: User, file_name: str, content: bytes) -> Upload:
    """Reads a file that was sent into rows that wait to be tried out. Raises workbook.Unreadable."""
    needed = [column.name for column in item.columns if column.needed]
    sheet = workbook.read(content, template.headings(item), needed, item.word.max_rows)
    if not sheet.rows:
        raise Unreadable("見出しの下に、入力された行がありません。", "There is no row below the headings.")
    now = clock.now()
    upload = Upload(
        body=body, id=uuid7(), service=item.procedure.service.slug, name=item.word.name,
        file_name=_shown(file_name), sha256=hashlib.sha256(content).hexdigest(), sheet=sheet.name,
        letters=dict(sheet.letters), state=READ, rows=len(sheet.rows), by=user.id, by_name=user.display_name, at=now,
    )  # fmt: skip
    context = ReadContext(today=today_in_tokyo(now), locate=bodies.locate)
    rows = list(_rows(item, upload, sheet, context))
    with scope(body, viewer=str(user.id)):
        upload.save(force_insert=True)
        UploadRow.objects.bulk_create(rows, batch_size=500)
    return upload


def _shown(name: str) -> str:
    return "".join("□" if refuse(character) else character for character in name)[-_LONGEST_NAME:] or "file"


def _rows(item: CompiledImport, upload: Upload, sheet: Sheet, context: ReadContext) -> Iterator[UploadRow]:
    first: dict[str, FoundRow] = {}
    for found in sheet.rows:
        said = [
            told(Problem(name, INVALID, message), place(sheet.letters, name, found.row))
            for name, message in found.wrong.items()
        ]
        identity = item.read_key(found.cells, context) or ""
        if identity and identity in first:
            name = item.word.key[0]
            same = duplicate(name, place(sheet.letters, name, first[identity].row))
            said.append(told(same, place(sheet.letters, name, found.row)))
        elif identity:
            first[identity] = found
        yield UploadRow(
            body=upload.body, upload=upload.id, row=found.row, cells=storable(found.cells), identity=identity,
            content=item.content(found.cells), state=FRESH, problems=said,
        )  # fmt: skip


def storable(cells: dict[str, str]) -> dict[str, str]:
    """Cells as the database can hold them; a broken character becomes U+FFFD, which no field accepts."""
    return {
        name: text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        for name, text in cells.items()
    }


def place(letters: Mapping[str, str], column: str, row: int) -> str:
    """Where a cell stands, as people find it: B4 in a workbook, the number of the line in a CSV file."""
    return f"{letters.get(column, '')}{row}"


def told(problem: Problem, where: str) -> dict[str, str]:
    """A problem of a row as it is kept: the cell, the column, what is wrong and how to mend it."""
    return {
        "column": problem.field, "cell": where, "code": problem.code,
        "ja": problem.message.ja, "en": problem.message.text("en"), "law": problem.law,
    }  # fmt: skip


# -- looking ---------------------------------------------------------------------------------------------------------


def find(body: str, service: str, upload: UUID) -> Upload | None:
    """An upload of the body."""
    with scope(body):
        found: Upload | None = Upload.objects.filter(body=body, service=service, id=upload).first()
        return found


def listed(body: str, service: str, limit: int = 50) -> list[Upload]:
    """The uploads of a service, the latest first."""
    with scope(body):
        return list(Upload.objects.filter(body=body, service=service).order_by("-at")[:limit])


def counts(upload: Upload) -> Counts:
    """How the rows of an upload stand."""
    with scope(upload.body):
        rows = UploadRow.objects.filter(body=upload.body, upload=upload.id).values_list("state", flat=True)
        return Counts(dict(Counter(rows)))


def wrong(upload: Upload, limit: int | None = None) -> list[UploadRow]:
    """The rows with something wrong, in the order of the sheet."""
    return _in_state(upload, (WRONG, REFUSED), limit)


def taken(upload: Upload, limit: int | None = None) -> list[UploadRow]:
    """The rows that became cases, in the order of the sheet."""
    return _in_state(upload, (TAKEN, "known"), limit)


def _in_state(upload: Upload, states: tuple[str, ...], limit: int | None) -> list[UploadRow]:
    with scope(upload.body):
        rows = UploadRow.objects.filter(body=upload.body, upload=upload.id, state__in=states).order_by("row")
        return list(rows if limit is None else rows[:limit])


def corrected(item: CompiledImport, upload: Upload, language: str) -> bytes:
    """The workbook of an upload's wrong rows, with what is wrong beside each."""
    return template.workbook(
        item, language, ((row.row, row.cells, _by_column(row.problems, language)) for row in wrong(upload))
    )


def _by_column(problems: list[dict[str, Any]], language: str) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem["column"], []).append(problem["en" if language == "en" else "ja"])
    return {column: " ".join(texts) for column, texts in found.items()}


# -- the administrator's word ----------------------------------------------------------------------------------------


def confirm(upload: Upload, user: User, *, only_right: bool) -> None:
    """Lets the right rows be taken. With wrong rows only when it is said that they are left out. Raises WrongState."""
    stands = counts(upload)
    if upload.state != CHECKED or not stands.of(RIGHT) or (stands.of(WRONG) and not only_right):
        raise WrongState
    with changes.setting(upload.body, user):
        moved = Upload.objects.filter(body=upload.body, id=upload.id, state=CHECKED).update(
            state=RUNNING, only_right=only_right, confirmed_at=clock.now(), by=user.id, by_name=user.display_name,
            retry_at=None, attempts=0,
        )  # fmt: skip
        if not moved:
            raise WrongState
        changes.note(
            "import", upload.name, user, service=upload.service,
            after={"file": upload.file_name, "rows": stands.of(RIGHT), "left_out": stands.of(WRONG)},
        )  # fmt: skip


def cancel(upload: Upload, user: User) -> None:
    """Gives an upload up before it is confirmed; its rows are deleted. Raises WrongState."""
    with scope(upload.body, viewer=str(user.id)):
        moved = Upload.objects.filter(body=upload.body, id=upload.id, state__in=(READ, CHECKED)).update(
            state=CANCELLED, ended_at=clock.now()
        )
        if not moved:
            raise WrongState
        UploadRow.objects.filter(body=upload.body, upload=upload.id).delete()
