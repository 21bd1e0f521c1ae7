"""Values of expressions beside Python's own: the mark of what is unanswered, and numbers that stay exact."""

from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Final

from kiban.kernel.dates import Month
from kiban.kernel.expr.problems import Failure

LARGEST: Final = 10**18
"""No number may leave ±10^18 (public budgets in yen need 10^15)."""

FINEST: Final = 10**60
"""No denominator may grow beyond this; whoever adds that many different fractions should round first."""


class Pending:
    """The type of PENDING, the mark of what isn't answered yet. It has no truth value."""

    _only: "Pending | None" = None

    def __new__(cls) -> "Pending":
        if cls._only is None:
            cls._only = super().__new__(cls)
        return cls._only

    def __repr__(self) -> str:
        return "PENDING"

    def __bool__(self) -> bool:
        raise TypeError("PENDING is neither true nor false; ask is_pending()")

    def __reduce__(self) -> tuple[type["Pending"], tuple[()]]:
        return (Pending, ())


PENDING: Final = Pending()


def is_pending(value: object) -> bool:
    """Whether a value is unanswered."""
    return value is PENDING


Exact = int | Fraction


def bound(number: Exact) -> Exact:
    """The number itself, as int where it is whole; Failure when it is too large or too fine."""
    if number.__class__ is int:
        if not -LARGEST <= number <= LARGEST:
            raise Failure("number_too_large")
        return number
    if number.denominator == 1:
        return bound(number.numerator)
    if number.denominator > FINEST or abs(number.numerator) > LARGEST * number.denominator:
        raise Failure("number_too_large")
    return number


def exact(value: object) -> Exact:
    """An int, Fraction or finite Decimal as an exact number; TypeError otherwise (bool and float too)."""
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else value
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= 100:
        return exact(Fraction(value))
    raise TypeError("not an exact number")


Value = None | bool | int | Fraction | str | date | datetime | time | Month
"""What the leaves of lists and rows are."""
