"""What is wrong with an input or an act, in words for the user: where, what, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Literal

from kiban.kernel.definitions.model import Label

Severity = Literal["error", "warning", "refer", "info"]

# The kernel's own problem and refusal codes; a service may give its own code in their place for a field.
REQUIRED = "required"
INVALID = "invalid"
NOT_IN_LIST = "not_in_list"
SEVERAL = "several"
OUT_OF_RANGE = "out_of_range"
TOO_LONG = "too_long"
UNKNOWN_FIELD = "unknown_field"
WRONG_STATE = "wrong_state"
NOT_ALLOWED = "not_allowed"
NOT_FOUND = "not_found"
NOT_SAME_PERSON = "not_same_person"
STALE = "stale"
NOT_PARTICIPATING = "not_participating"


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem. `field` is a path (`period_to`, `items[2].cost`, 1-based); `suggest` maps fields to JSON values."""

    field: str
    code: str
    message: Label
    severity: Severity = "error"
    law: str = ""
    suggest: Mapping[str, object] = attribute(default_factory=dict)

    @property
    def blocks(self) -> bool:
        return self.severity != "info"
