"""Check digits of Japan's public numbers.

A number that passes is well formed; that it exists is another question. Numbers are text: leading zeros
count. `validate` expects ASCII digits, as `kernel.text.to_halfwidth_code` makes them. Messages never quote a
personal number.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from kiban.kernel.input_problems import CodeProblem, shown

Kind = Literal["lg_code", "corporate_number", "my_number", "resident_code", "atena_no"]


@dataclass(frozen=True, slots=True)
class _Scheme:
    """One kind of number: lengths include the check digit; `digit` computes it from the body."""

    ja: str
    en: str
    prefix: str
    shortest: int
    longest: int
    digit: Callable[[str], int | None]
    leading: bool = False
    strict: bool = True


def _weighted(body: str) -> int:
    """Sum of the digits weighted 2, 3, 4, 5, 6, 7, 2 … from the right, modulo 11."""
    return sum(int(digit) * (2 + index % 6) for index, digit in enumerate(reversed(body))) % 11


def _lg_code(body: str) -> int:
    return (11 - _weighted(body)) % 10


def _corporate_number(body: str) -> int:
    return 9 - sum(int(digit) * (1 + index % 2) for index, digit in enumerate(reversed(body))) % 9


def _zero_below_two(body: str) -> int:
    remainder = _weighted(body)
    return 0 if remainder <= 1 else 11 - remainder


def _atena_no(body: str) -> int | None:
    remainder = _weighted(body)
    return {0: 0, 1: None}.get(remainder, 11 - remainder)


_SCHEMES: Final[Mapping[str, _Scheme]] = {
    # 総務省「全国地方公共団体コード」
    "lg_code": _Scheme("団体コード", "local government code", "LG", 6, 6, _lg_code),
    # 法人番号の指定等に関する省令2条
    "corporate_number": _Scheme(
        "法人番号", "corporate number", "CORP", 13, 13, _corporate_number, leading=True
    ),
    # 個人番号カード及び特定個人情報の提供等に関する省令（平成26年総務省令85号）5条
    "my_number": _Scheme("個人番号", "individual number", "MYN", 12, 12, _zero_below_two),
    # No published rule was found for its check digit: a mismatch is a warning.
    "resident_code": _Scheme(
        "住民票コード", "resident record code", "RES", 11, 11, _zero_below_two, strict=False
    ),
    # 住民記録システム標準仕様書 1.1.13; binding for numbers newly given, so a mismatch is a warning.
    "atena_no": _Scheme("宛名番号", "addressee number", "ATENA", 2, 15, _atena_no, strict=False),
}

_DIGITS: Final = re.compile(r"[0-9]+")
_SCIENTIFIC: Final = re.compile(r"[0-9]+(\.[0-9]+)?[eE][+-]?[0-9]+")


def check_digit(kind: Kind, body: str) -> int | None:
    """The check digit for the digits without it; None when the rule gives none (an addressee number to be
    skipped).

    ValueError when `body` is not of the right length or not made of ASCII digits.
    """
    scheme = _SCHEMES[kind]
    if not _DIGITS.fullmatch(body) or not scheme.shortest <= len(body) + 1 <= scheme.longest:
        raise ValueError(f"not the body of a {scheme.en}")
    return scheme.digit(body)


def complete(kind: Kind, body: str) -> str | None:
    """The whole number: body and check digit in their places; None and ValueError as `check_digit`."""
    digit = check_digit(kind, body)
    if digit is None:
        return None
    return f"{digit}{body}" if _SCHEMES[kind].leading else f"{body}{digit}"


def validate(kind: Kind, text: str) -> CodeProblem | None:
    """What is wrong with a number, or None.

    NUM-SCI (a spreadsheet's 1.23E+11), NUM-FORM (not ASCII digits), ID-KIND (has the length of another
    number), LG-LEN, CORP-LEN, MYN-LEN, RES-LEN, ATENA-LEN, LG-CD, CORP-CD, MYN-CD (never tells the right
    digit), MYN-SAME (all digits the same); RES-CD and ATENA-CD are warnings.
    """
    scheme = _SCHEMES[kind]
    return (
        _form_problem(scheme, text)
        or _length_problem(kind, scheme, text)
        or _digit_problem(kind, scheme, text)
    )


def _form_problem(scheme: _Scheme, text: str) -> CodeProblem | None:
    if _SCIENTIFIC.fullmatch(text):
        return CodeProblem(
            "NUM-SCI",
            f"{scheme.ja}が表計算ソフトの指数表記になっています。元の資料から文字列として取り直してください。",
            f"The {scheme.en} is in scientific notation. Take it again from its source, as text.",
        )
    if not _DIGITS.fullmatch(text):
        return CodeProblem(
            "NUM-FORM",
            f"{scheme.ja}は半角数字だけで入力してください。",
            f"Write the {scheme.en} with digits only.",
        )
    return None


def _length_problem(kind: Kind, scheme: _Scheme, text: str) -> CodeProblem | None:
    if scheme.shortest <= len(text) <= scheme.longest:
        return None
    if kind == "lg_code":
        return _lg_length_problem(text)
    other = {("my_number", 13): "corporate_number", ("corporate_number", 12): "my_number"}.get(
        (kind, len(text))
    )
    if other is not None:
        meant = _SCHEMES[other]
        return CodeProblem(
            "ID-KIND",
            f"{scheme.ja}の欄に{len(text)}桁の番号があります。{meant.ja}ではありませんか。",
            f"This has the {len(text)} digits of a {meant.en}, not of a {scheme.en}.",
        )
    digits = (
        str(scheme.longest) if scheme.shortest == scheme.longest else f"{scheme.shortest}～{scheme.longest}"
    )
    return CodeProblem(
        f"{scheme.prefix}-LEN",
        f"{scheme.ja}は{digits}桁です。いまは{len(text)}桁です。",
        f"A {scheme.en} has {digits.replace('～', ' to ')} digits; this has {len(text)}.",
    )


def _lg_length_problem(text: str) -> CodeProblem:
    if len(text) != 5:
        return CodeProblem(
            "LG-LEN",
            f"団体コードは6桁です。いまは{len(text)}桁です。",
            f"A local government code has 6 digits; this has {len(text)}.",
        )
    digit = _lg_code(text)
    whole = f"{text}{digit}"
    zero_lost = f"0{text}"
    candidates = (whole, zero_lost) if validate("lg_code", zero_lost) is None else (whole,)
    also_ja = f"先頭の0が落ちたのなら{zero_lost}です。" if len(candidates) == 2 else ""
    also_en = f" If a leading 0 was lost it is {zero_lost}." if len(candidates) == 2 else ""
    return CodeProblem(
        "LG-LEN",
        f"団体コードは6桁です。5桁のコードなら、検査数字{digit}を付けて{whole}です。{also_ja}よろしいですか。",
        f"A local government code has 6 digits. With its check digit {digit} this is {whole}.{also_en}",
        candidates,
    )


def _digit_problem(kind: Kind, scheme: _Scheme, text: str) -> CodeProblem | None:
    body, given = (text[1:], text[0]) if scheme.leading else (text[:-1], text[-1])
    if kind == "my_number" and len(set(text)) == 1:
        return CodeProblem(
            "MYN-SAME",
            "個人番号がすべて同じ数字です。番号を確かめてください。",
            "All digits of the individual number are the same. Please check it.",
        )
    digit = scheme.digit(body)
    if digit is not None and str(digit) == given:
        return None
    if kind == "lg_code":
        right = f"{body}{digit}"
        return CodeProblem(
            "LG-CD",
            f"団体コード{shown(text)}の検査数字が合いません。正しくは{right}ではありませんか。",
            f"The check digit of {shown(text)} is wrong. Did you mean {right}?",
            (right,),
        )
    hint_ja = (
        "番号を確かめてください。" if scheme.strict else "以前に付けた番号であれば、このままで構いません。"
    )
    hint_en = "Please check the number." if scheme.strict else "A number given earlier may stay as it is."
    return CodeProblem(
        f"{scheme.prefix}-CD",
        f"{scheme.ja}の検査数字が合いません。{hint_ja}",
        f"The check digit of the {scheme.en} does not match. {hint_en}",
        warning=not scheme.strict,
    )
