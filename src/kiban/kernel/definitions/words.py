"""The words that the rest is made of: labels, roles, codes, parameters, fields and forms."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints
from pydantic import Field as Attr

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}$")]
CodeValue = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$")]
ProblemCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=4000)]


class Element(BaseModel):
    """Base of every definition element: immutable, and a word that is not in the schema is a problem."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Label(Element):
    """Text for users in Japanese with English beside it; a bare string is Japanese."""

    ja: str
    en: str = ""

    def text(self, language: str = "ja") -> str:
        return (self.en or self.ja) if language.startswith("en") else self.ja


def label(value: object) -> object:
    return {"ja": value} if isinstance(value, str) else value


def named(value: object) -> object:
    """Gives each element of a mapping its key as `name`, so that elements know what they are called."""
    if not isinstance(value, dict):
        return value
    return {key: ({"name": key, **item} if isinstance(item, dict) else item) for key, item in value.items()}


def listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[Label, BeforeValidator(label)]
OneOrMore = Annotated[tuple[Name, ...], BeforeValidator(listed)]


class Role(Element):
    """Who may act, and how far they see (届く範囲). A role that `administers` sets what a body may set (団体の設定)."""

    name: Name
    label: Text
    kind: Literal["party", "staff", "machine", "system"] = "staff"
    reach: Literal["own", "body", "below", "nation", "granted", "assigned", "figures"] = "body"
    administers: bool = False


class CodeItem(Element):
    name: str
    label: Text
    law: str = ""
    note: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


def code_items(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {
        key: {"name": key, "label": item}
        if isinstance(item, str)
        else {"name": key, **item}
        if isinstance(item, dict)
        else item
        for key, item in value.items()
    }


class CodeList(Element):
    """コード表: codes with labels and validity."""

    name: Name
    label: Text
    source: str = ""
    items: Annotated[dict[CodeValue, CodeItem], BeforeValidator(code_items)]


ParameterType = Literal["integer", "money", "decimal", "yes_no", "choice", "subset", "text", "date"]


class Vary(Element):
    """団体の裁量: what a body may set, inside which bounds, by which law."""

    law: str = ""
    min: str | None = None
    max: str | None = None
    codes: tuple[str, ...] | None = None
    required: tuple[str, ...] = ()


class ParameterValue(Element):
    from_: date = Attr(alias="from")
    value: Any = None
    law: str = ""


class Parameter(Element):
    """パラメータ: a dated, typed legal value with its article."""

    name: Name
    label: Text
    type: ParameterType
    unit: str = ""
    law: str
    nullable: bool = False
    codes: Name | None = None
    options: Annotated[dict[CodeValue, CodeItem], BeforeValidator(code_items)] | None = None
    value: Any = None
    values: tuple[ParameterValue, ...] = ()
    vary: Vary | None = None
    note: Text | None = None


FieldType = Literal[
    "text", "long_text", "kana", "integer", "money", "decimal", "date", "time", "choice", "multiple", "yes_no",
    "file", "address", "geo_point", "body", "party", "corporate_number", "phone", "email", "postal_code", "group",
    "grid",
]  # fmt: skip


LocalType = Literal[
    "text", "long_text", "kana", "integer", "money", "decimal", "date", "time", "choice", "multiple", "yes_no",
    "phone", "email", "postal_code",
]  # fmt: skip
"""The types of field that a body may add where a slot does not name fewer."""


class ProblemOverride(Element):
    """A field's own code and message for one of the kernel's problems (not_in_list, several, invalid …)."""

    code: ProblemCode
    message: Text | None = None


def override(value: object) -> object:
    return {"code": value} if isinstance(value, str) else value


class GridRow(Element):
    """A row of a grid (表の行)."""

    name: Name
    label: Text
    law: str = ""


class Field(Element):
    """項目: what is asked, or computed, in a section. `fields` are the parts of a group or the columns of a grid.

    A `secret` one stands nowhere but sealed in the events: the readers of its section see it when they ask for it.
    """

    name: Name
    label: Text
    type: FieldType
    help: Text | None = None
    example: str = ""
    law: str = ""
    required: Expression = "false"
    when: Expression | None = None
    default: Expression | None = None
    codes: Name | None = None
    options: Annotated[dict[CodeValue, CodeItem], BeforeValidator(code_items)] | None = None
    options_from: Literal["form"] | None = None
    max_length: int = Attr(default=0, ge=0)
    pattern: str = ""
    min: int | None = None
    max: int | None = None
    max_items: int = Attr(default=20, ge=1, le=10_000)
    fields: Annotated[dict[Name, Field], BeforeValidator(named)] = {}
    rows: Annotated[dict[Name, GridRow], BeforeValidator(code_items)] = {}
    normalise: Literal["none", "code", "kana"] = "none"
    marks: tuple[Literal["unknown", "not_applicable"], ...] = ()
    search: Literal["none", "exact", "name"] = "none"
    personal: bool = False
    secret: bool = False
    unit: str = ""
    autocomplete: str = ""
    problems: dict[str, Annotated[ProblemOverride, BeforeValidator(override)]] = {}


class Slot(Element):
    """A place for fields that a body adds itself (団体の追加項目): how many, of which types, by which law."""

    max_fields: int = Attr(ge=1, le=50)
    types: Annotated[tuple[LocalType, ...], BeforeValidator(listed)] = get_args(LocalType)
    law: str = ""


class Section(Element):
    """区分: fields that belong together; it says who reads and who writes it, and whether a body may add to them."""

    name: Name
    label: Text
    help: Text | None = None
    readers: tuple[Name, ...] | None = None
    vary: Slot | None = None
    fields: Annotated[dict[Name, Field], BeforeValidator(named)]


class Form(Element):
    name: Name
    label: Text
    law: str = ""
    sections: Annotated[dict[Name, Section], BeforeValidator(named)]
