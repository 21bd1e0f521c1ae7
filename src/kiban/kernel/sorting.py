"""Orders in which people expect to find things."""

from __future__ import annotations

import re

_DIGITS = re.compile(r"\d+")


def natural_key(text: str) -> str:
    """A text that sorts as people count: digits by their number (`足立 9` before `足立 10`), the rest by code point."""
    return _DIGITS.sub(
        lambda match: f"{len(match[0].lstrip('0') or '0'):02}{match[0].lstrip('0') or '0'}", text
    )
