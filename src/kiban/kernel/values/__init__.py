"""Field types: one codec for each, which reads, stores, shows and describes its values.

`docs/values.md` fixes the JSON form of each type.
"""

from __future__ import annotations

from collections.abc import Mapping

from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.values.base import Codec, ReadContext, Reading
from kiban.kernel.values.composed import AddressCodec, FileCodec, GroupCodec
from kiban.kernel.values.scalars import (
    ChoiceCodec,
    DateCodec,
    DecimalCodec,
    IntegerCodec,
    MoneyCodec,
    MultipleCodec,
    TimeCodec,
    YesNoCodec,
)
from kiban.kernel.values.texts import (
    CorporateNumberCodec,
    EmailCodec,
    KanaCodec,
    LongTextCodec,
    PhoneCodec,
    PostalCodeCodec,
    TextCodec,
)

__all__ = ["Codec", "ReadContext", "Reading", "codec"]

_TYPES: dict[str, type[Codec]] = {
    "text": TextCodec, "long_text": LongTextCodec, "kana": KanaCodec, "integer": IntegerCodec, "money": MoneyCodec,
    "decimal": DecimalCodec, "date": DateCodec, "time": TimeCodec, "choice": ChoiceCodec,
    "multiple": MultipleCodec, "yes_no": YesNoCodec, "file": FileCodec, "address": AddressCodec, "body": TextCodec,
    "party": TextCodec, "corporate_number": CorporateNumberCodec, "phone": PhoneCodec, "email": EmailCodec,
    "postal_code": PostalCodeCodec,
}  # fmt: skip


def codec(field: Field, codes: Mapping[str, CodeList]) -> Codec:
    """The codec of a field; build it once and keep it."""
    if field.type == "group":
        return GroupCodec(field, codes, codec)
    return _TYPES[field.type](field, codes)
