"""Filters that show the platform's values: labels in the reader's language, dates in both calendars, money."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from django import template
from django.utils.translation import get_language

from kiban.kernel.dates import JST
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import Problem
from kiban.kernel.wareki import format_wareki
from kiban.web.forms.widgets import Widget

register = template.Library()


def language() -> str:
    """The reader's language: `ja` or `en`."""
    return "en" if (get_language() or "ja").startswith("en") else "ja"


@register.filter
def t(value: Any) -> str:
    """A label (or its `{ja, en}` JSON) in the reader's language; other values as text."""
    if value is None:
        return ""
    if isinstance(value, Label):
        return value.text(language())
    if isinstance(value, dict) and "ja" in value:
        return str((value.get("en") if language() == "en" else "") or value["ja"])
    return str(value)


@register.filter
def listed(values: Any) -> str:
    """Labels one after the other, as the reader's language does: 申請者、受付職員, in English Applicant, Clerk."""
    return (", " if language() == "en" else "、").join(t(value) for value in values or ())


@register.filter
def day(value: Any) -> str:
    """A civil date: 令和8年10月5日（2026-10-05）, in English 2026-10-05."""
    if isinstance(value, datetime):
        value = value.astimezone(JST).date()
    if isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return str(value)
    if not isinstance(value, date):
        return ""
    return value.isoformat() if language() == "en" else f"{format_wareki(value)}（{value.isoformat()}）"


@register.filter
def body_words(body: Any) -> str:
    """A body's full name; in English its name in Latin letters before it."""
    name = str(getattr(body, "full_name", "") or "")
    latin = str(getattr(body, "name_en", "") or "")
    return f"{latin}（{name}）" if language() == "en" and latin else name


@register.filter
def short_day(value: Any) -> str:
    """A civil date for lists: 2026-10-05."""
    return value.isoformat() if isinstance(value, date) else str(value or "")


@register.filter
def moment(value: Any) -> str:
    """An instant as civil time in Japan: 2026-10-05 14:03."""
    return value.astimezone(JST).strftime("%Y-%m-%d %H:%M") if isinstance(value, datetime) else ""


@register.filter
def yen(value: Any) -> str:
    """Integer yen: 1,500円, in English ¥1,500."""
    if not isinstance(value, int):
        return ""
    return f"¥{value:,}" if language() == "en" else f"{value:,}円"


@register.filter
def unlocalised(value: Any) -> str:
    """A number as SVG writes it."""
    return f"{float(value):g}"


@register.filter
def row_path(path: str) -> str:
    """`rows[2].file` as a row button names it: `rows:2:file`."""
    return re.sub(r"\[(\d+)\]\.", r":\1:", path)


@register.filter
def suggestions(problem: Problem, widget: Widget) -> list[str]:
    """The values offered for this very field, as text."""
    name = widget.field.name
    found = problem.suggest.get(name)
    many = found if isinstance(found, list | tuple) else [found]
    return [str(value) for value in many if isinstance(value, str | int) and not isinstance(value, bool)]


@register.filter
def reason_key(problem: Problem) -> str:
    """The name under which a reason for a warning is given."""
    return f"{problem.code}@{problem.field}"


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """The value of a mapping at a key, or nothing."""
    return mapping.get(key, "") if hasattr(mapping, "get") else ""
