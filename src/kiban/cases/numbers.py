"""Numbers that nobody can guess: 受付番号 and verification codes, in Crockford's base 32 (no I, L, O, U)."""

from __future__ import annotations

import re
import secrets

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TYPED = str.maketrans({"I": "1", "L": "1", "O": "0"})


def case_number() -> str:
    """A 受付番号 such as `7K3M9-QTV4D`: 50 random bits, unique per body by the database."""
    return f"{_random(5)}-{_random(5)}"


def verification_code() -> str:
    """A code of 80 random bits in groups of four."""
    return "-".join(_random(4) for _ in range(4))


def as_typed(text: str) -> str:
    """What a person typed, in the form in which it is stored: full width, case, O for 0 and missing hyphens mended."""
    from kiban.kernel.text import to_halfwidth_code

    plain = re.sub(r"[\s-]", "", to_halfwidth_code(text)).translate(_TYPED)
    if len(plain) == 10:
        return f"{plain[:5]}-{plain[5:]}"
    return "-".join(plain[at : at + 4] for at in range(0, len(plain), 4)) if len(plain) == 16 else plain


def readable(digest: bytes) -> str:
    """The first 50 bits of a digest in the form of a 受付番号."""
    letters = _letters(int.from_bytes(digest[:8], "big"), 10)
    return f"{letters[:5]}-{letters[5:]}"


def _random(length: int) -> str:
    return _letters(secrets.randbits(5 * length), length)


def _letters(bits: int, length: int) -> str:
    return "".join(_ALPHABET[bits >> 5 * place & 31] for place in range(length))
