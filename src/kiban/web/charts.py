"""Bar charts as numbers for an SVG: the template draws them, the table beside them says the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, ROW, BAR, LEFT, RIGHT, TOP = 720, 36, 22, 150, 60, 8
SERIES = 8


@dataclass(frozen=True)
class Bar:
    """One rectangle; `series` from 1 chooses its colour."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Tick:
    """Words at a place of the drawing."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    left: int
    bars: tuple[Bar, ...]
    labels: tuple[Tick, ...]
    values: tuple[Tick, ...]
    legend: tuple[tuple[int, str], ...]


def bars(rows: Sequence[tuple[str, Sequence[int], int]], columns: Sequence[str]) -> Chart:
    """Horizontal bars, one for each row, stacked by column where there are columns."""
    top = max((total for _label, _parts, total in rows), default=0) or 1
    unit = (WIDTH - LEFT - RIGHT) / top
    drawn: list[Bar] = []
    labels: list[Tick] = []
    values: list[Tick] = []
    for place, (label, parts, total) in enumerate(rows):
        y = TOP + place * ROW
        x = float(LEFT)
        for column, count in enumerate(parts or [total]):
            if count:
                name = columns[column] if columns else label
                title = f"{label} {name}: {count}"
                series = column % SERIES + 1
                drawn.append(Bar(round(x, 1), y, round(count * unit, 1), BAR, series, title))
            x += count * unit
        labels.append(Tick(LEFT - 8, y + 16, label if len(label) <= 11 else label[:10] + "…"))
        values.append(Tick(round(x + 6, 1), y + 16, f"{total:,}"))
    legend = tuple((place % SERIES + 1, name) for place, name in enumerate(columns))
    return Chart(WIDTH, TOP + len(rows) * ROW, LEFT, tuple(drawn), tuple(labels), tuple(values), legend)
