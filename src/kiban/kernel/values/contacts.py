"""Ways to reach somebody, and the number of a corporation: text of a fixed form."""

import re
import unicodedata
from typing import Any, Final

from kiban.kernel.check_digits import validate
from kiban.kernel.problems import INVALID
from kiban.kernel.text import to_halfwidth_code
from kiban.kernel.values.base import ReadContext, Refusal, Style
from kiban.kernel.values.texts import TextCodec

_PHONE: Final = re.compile(r"\+?[0-9][0-9()-]*[0-9]|\([0-9]+\)[0-9-]*[0-9]")
_GAPS: Final = re.compile(r"[\s-]+")
_SEPARATORS: Final = re.compile(r"[\s-]")
# As HTML's input type=email reads it (WHATWG), but with a dot in the domain.
_LABEL = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL: Final = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})+")
_POSTAL: Final = re.compile(r"〒?([0-9]{3})-?([0-9]{4})")


class PhoneCodec(TextCodec):
    """A telephone number of 10 to 15 digits, with its hyphens and parentheses; half-width."""

    default_length = 30

    def normal(self, text: str) -> str:
        number = _GAPS.sub("-", to_halfwidth_code(text)).strip("-")
        if not _PHONE.fullmatch(number) or not 10 <= sum(map(str.isdigit, number)) <= 15:
            raise Refusal(
                INVALID,
                "は市外局番から、数字とハイフンで入力してください（例：03-0000-0000）。数字は10桁から15桁です。",
                "please give it with its area code, 10 to 15 digits, for example 03-0000-0000.",
            )
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^[0-9+()-]{10,30}$"}


class EmailCodec(TextCodec):
    """An e-mail address; full-width letters become half-width, case stays."""

    default_length = 254

    def take(self, raw: Any, context: ReadContext) -> str | None:
        text = super().take(raw, context)
        if text is None or _EMAIL.fullmatch(text):
            return text
        narrow = unicodedata.normalize("NFKC", text)
        if _EMAIL.fullmatch(narrow) and len(narrow) <= self.most:
            return narrow
        raise Refusal(
            INVALID,
            "はメールアドレスの形で入力してください（例：name@example.jp）。",
            "please give an e-mail address such as name@example.jp.",
        )

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": self.most}


class PostalCodeCodec(TextCodec):
    """A postal code, kept as 7 digits, shown as 〒124-0012."""

    default_length = 20

    def normal(self, text: str) -> str:
        found = _POSTAL.fullmatch(to_halfwidth_code(text).replace(" ", ""))
        if found is None:
            raise Refusal(
                INVALID,
                "は7桁の数字で入力してください（例：124-0012）。",
                "please give its 7 digits, for example 124-0012.",
            )
        return found[1] + found[2]

    def show(self, value: Any, language: str, style: Style) -> str:
        return f"〒{value[:3]}-{value[3:]}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{7}$"}


class CorporateNumberCodec(TextCodec):
    """法人番号: 13 digits with the check digit in front (法人番号の指定等に関する省令2条)."""

    default_length = 30

    def normal(self, text: str) -> str:
        number = _SEPARATORS.sub("", to_halfwidth_code(text))
        problem = validate("corporate_number", number)
        if problem is not None:
            raise Refusal(INVALID, f"を確かめてください。{problem.ja}", problem.en)
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[1-9][0-9]{12}$"}
