"""Which codec belongs to which field type."""

from collections.abc import Mapping
from typing import Final

from kiban.kernel.definitions.model import CodeList, Field, FieldType
from kiban.kernel.values.base import Codec
from kiban.kernel.values.choices import ChoiceCodec, MultipleCodec, YesNoCodec
from kiban.kernel.values.composed import AddressCodec, FileCodec
from kiban.kernel.values.contacts import CorporateNumberCodec, EmailCodec, PhoneCodec, PostalCodeCodec
from kiban.kernel.values.grids import GridCodec
from kiban.kernel.values.groups import GroupCodec
from kiban.kernel.values.moments import DateCodec, TimeCodec
from kiban.kernel.values.numbers import DecimalCodec, IntegerCodec, MoneyCodec
from kiban.kernel.values.places import GeoPointCodec
from kiban.kernel.values.texts import BodyCodec, KanaCodec, LongTextCodec, PartyCodec, TextCodec

CODECS: Final[Mapping[FieldType, type[Codec]]] = {
    "text": TextCodec,
    "long_text": LongTextCodec,
    "kana": KanaCodec,
    "integer": IntegerCodec,
    "money": MoneyCodec,
    "decimal": DecimalCodec,
    "date": DateCodec,
    "time": TimeCodec,
    "choice": ChoiceCodec,
    "multiple": MultipleCodec,
    "yes_no": YesNoCodec,
    "file": FileCodec,
    "address": AddressCodec,
    "body": BodyCodec,
    "party": PartyCodec,
    "corporate_number": CorporateNumberCodec,
    "phone": PhoneCodec,
    "email": EmailCodec,
    "postal_code": PostalCodeCodec,
    "geo_point": GeoPointCodec,
    "group": GroupCodec,
    "grid": GridCodec,
}


def codec(field: Field, codes: Mapping[str, CodeList]) -> Codec:
    """The codec of a field. It builds everything once: keep it.

    `codes` are the service's code lists by name. A list that isn't among them leaves a choice without
    codes: that it is missing is told by the check of the definition.
    """
    if field.type == "group":
        return GroupCodec(field, codes, codec)
    if field.type == "grid":
        return GridCodec(field, codes, codec)
    return CODECS[field.type](field, codes)
