"""Paths of fields (`route[2].place`, `table[north][count]`), names of their inputs (`f.route.2.place`), their ids."""

from __future__ import annotations

import re

from kiban.kernel.definitions.local import head

__all__ = ["PREFIX", "head", "input_id", "input_name"]

PREFIX = "f."
_INDEX = re.compile(r"\[([A-Za-z0-9_]+)\]")


def input_name(path: str) -> str:
    """The `name` of the input of a field path."""
    return PREFIX + _INDEX.sub(r".\1", path)


def input_id(path: str) -> str:
    """The `id` of the input of a field path: letters, digits, `_` and `-` only."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", input_name(path))
