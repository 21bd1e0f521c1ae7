"""Arithmetic on exact numbers: division, remainder, rounding by name, decimal text.

An exact number is an int, or a Fraction where it isn't whole. Nothing here ever sees a float.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

from kiban.kernel.expr.problems import Failure
from kiban.kernel.expr.values import LARGEST, Exact, bound


def divide(left: Exact, right: Exact) -> Exact:
    """The exact quotient; Failure division_by_zero."""
    if right == 0:
        raise Failure("division_by_zero")
    return bound(Fraction(left) / right)


def remainder(left: int, right: int) -> int:
    """What is left after division toward zero, with the sign of `left` (as CEL has it)."""
    if right == 0:
        raise Failure("division_by_zero")
    rest = abs(left) % abs(right)
    return -rest if left < 0 else rest


def total(numbers: Iterable[Exact]) -> Exact:
    """The sum; 0 of nothing."""
    result: Exact = 0
    for number in numbers:
        result = bound(result + number)
    return result


def _scaled(number: Exact, digits: int) -> tuple[int, int, Exact]:
    """(quotient, remainder, unit) of `number` over 10^-digits; the quotient is rounded down."""
    if not -18 <= digits <= 18:
        raise Failure("digits_range")
    unit = Fraction(1, 10**digits) if digits > 0 else 10**-digits
    quotient, rest = divmod(number, unit)
    return int(quotient), int(rest > 0), unit


def floor_at(number: Exact, digits: int = 0) -> Exact:
    """Down, toward minus infinity, to `digits` decimals (negative: to tens, hundreds …)."""
    quotient, _rest, unit = _scaled(number, digits)
    return bound(quotient * unit)


def ceil_at(number: Exact, digits: int = 0) -> Exact:
    """Up, toward plus infinity, to `digits` decimals."""
    quotient, rest, unit = _scaled(number, digits)
    return bound((quotient + rest) * unit)


def cut(number: Exact, digits: int = 0) -> Exact:
    """Toward zero (切捨て), to `digits` decimals."""
    return floor_at(number, digits) if number >= 0 else -floor_at(-number, digits)


def round_half_up(number: Exact, digits: int = 0) -> Exact:
    """To the nearest, halves away from zero (四捨五入), to `digits` decimals."""
    if number < 0:
        return -round_half_up(-number, digits)
    quotient, _rest, unit = _scaled(number, digits)
    up = (number - quotient * unit) * 2 >= unit
    return bound((quotient + up) * unit)


def decimal_text(number: Exact) -> str | None:
    """The number in decimals, without an exponent; None where the decimals never end."""
    if number.denominator == 1:
        return str(number.numerator)
    twos, fives, rest = 0, 0, number.denominator
    while rest % 2 == 0:
        twos, rest = twos + 1, rest // 2
    while rest % 5 == 0:
        fives, rest = fives + 1, rest // 5
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = str(abs(number.numerator) * 10**places // number.denominator).rjust(places + 1, "0")
    sign = "-" if number < 0 else ""
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def number_text(number: Exact) -> str:
    """As decimal_text; Failure where the decimals never end."""
    text = decimal_text(number)
    if text is None:
        raise Failure("endless_decimal", number=str(number))
    return text


def whole(number: Exact) -> int:
    """The number as an int; Failure when it isn't whole. Never rounds."""
    if number.denominator != 1:
        raise Failure("not_whole", number=str(number))
    return int(number)


_NUMBER = re.compile(r"-?[0-9]{1,19}(\.[0-9]{1,18})?")


def parse_number(text: str) -> Exact:
    """``-12.50`` → -25/2; Failure for anything but ASCII digits with at most one point."""
    if _NUMBER.fullmatch(text) is None:
        raise Failure("not_a_number", text=text[:40])
    number = Fraction(text)
    if abs(number) > LARGEST:
        raise Failure("number_too_large")
    return bound(number)


def parse_whole(text: str) -> int:
    """As parse_number; Failure when it isn't whole."""
    return whole(parse_number(text))
