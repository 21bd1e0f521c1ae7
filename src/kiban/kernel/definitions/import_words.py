"""The words of an import (取込み): an existing ledger comes in as a workbook, each row an act through the one door."""

from __future__ import annotations

from pydantic import Field as Attr

from kiban.kernel.definitions.words import Element, Name, Text

MOST_ROWS = 20_000
NOT_IN_COLUMNS = ("group", "grid", "file")
"""Types of field that no cell of a sheet can hold."""
NOT_IN_CELLS = (*NOT_IN_COLUMNS, "multiple", "geo_point")
"""Types of field that no cell of a grid can hold."""


class Import(Element):
    """Rows of a sheet, each of which becomes one act that opens a case: `columns` are fields of the action.

    `key` names the columns that make a row what it is: the same row is taken once, however often it is sent.
    """

    name: Name
    label: Text
    help: Text | None = None
    law: str = ""
    procedure: Name
    action: Name
    columns: tuple[Name, ...] = Attr(min_length=1, max_length=100)
    key: tuple[Name, ...] = Attr(min_length=1)
    max_rows: int = Attr(default=5000, ge=1, le=MOST_ROWS)
