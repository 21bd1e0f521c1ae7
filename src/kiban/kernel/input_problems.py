"""What is wrong with one typed value, said in both languages.

The small value modules of the kernel (dates, codes, text, numbering patterns) know nothing of forms or
fields. They answer with one of these; the caller adds where the value stood.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InputProblem:
    """A refused or doubtful value.

    `code` is stable and meant for machines (``DATE-CAL``, ``LG-CD`` …). `ja` and `en` tell a person what is
    wrong and how to mend it. `candidates` are the values that were probably meant: offered, never taken by
    themselves. A `warning` lets the value pass.
    """

    code: str
    ja: str
    en: str
    candidates: tuple[Any, ...] = ()
    warning: bool = False


def shown(text: str, most: int = 40) -> str:
    """`text` as a message may quote it: shortened, with what can't be printed or encoded as ``<U+0000>``."""
    quoted = "".join(c if c.isprintable() or c == "\u3000" else f"<U+{ord(c):04X}>" for c in text[:most])
    return quoted if len(text) <= most else quoted + "…"


class DateProblem(InputProblem):
    """Codes DATE-FORM, DATE-CAL, ERA-RANGE; candidates are `datetime.date`."""

    __slots__ = ()


class CodeProblem(InputProblem):
    """Codes of `kernel.check_digits`; candidates are whole codes as text."""

    __slots__ = ()


class TextProblem(InputProblem):
    """Codes CHR-BROKEN and CHR-PUA; no candidates."""

    __slots__ = ()


class PatternProblem(InputProblem):
    """Codes of `kernel.numbering`; candidates are token names."""

    __slots__ = ()
