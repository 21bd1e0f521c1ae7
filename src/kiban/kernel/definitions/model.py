"""The words of a service definition (design: 業務・手続・様式 …) as one typed schema.

These models are the single description of what the YAML files of a service may say. The loader fills them from
text scalars (every scalar arrives as text and is converted by the declared type), the compiler gives their
expressions types, and the documentation's schema is generated from them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, StringConstraints, Tag
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


def _label(value: object) -> object:
    return {"ja": value} if isinstance(value, str) else value


def _named(value: object) -> object:
    """Gives each element of a mapping its key as `name`, so that elements know what they are called."""
    if not isinstance(value, dict):
        return value
    return {key: ({"name": key, **item} if isinstance(item, dict) else item) for key, item in value.items()}


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[Label, BeforeValidator(_label)]
OneOrMore = Annotated[tuple[Name, ...], BeforeValidator(_listed)]


class Role(Element):
    """Who may act, and how far they see (届く範囲)."""

    name: Name
    label: Text
    kind: Literal["party", "staff", "machine", "system"] = "staff"
    reach: Literal["own", "body", "below", "nation", "granted", "assigned", "figures"] = "body"


class CodeItem(Element):
    name: str
    label: Text
    law: str = ""
    note: str = ""
    valid_from: date | None = None
    valid_to: date | None = None


def _code_items(value: object) -> object:
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
    items: Annotated[dict[CodeValue, CodeItem], BeforeValidator(_code_items)]


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
    options: Annotated[dict[CodeValue, CodeItem], BeforeValidator(_code_items)] | None = None
    value: Any = None
    values: tuple[ParameterValue, ...] = ()
    vary: Vary | None = None
    note: Text | None = None


FieldType = Literal[
    "text", "long_text", "kana", "integer", "money", "decimal", "date", "time", "choice", "multiple", "yes_no",
    "file", "address", "body", "party", "corporate_number", "phone", "email", "postal_code", "group",
]  # fmt: skip


class ProblemOverride(Element):
    """A field's own code and message for one of the kernel's problems (not_in_list, several, invalid …)."""

    code: ProblemCode
    message: Text | None = None


def _override(value: object) -> object:
    return {"code": value} if isinstance(value, str) else value


class Field(Element):
    """項目: what is asked, or computed, in a section."""

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
    options: Annotated[dict[CodeValue, CodeItem], BeforeValidator(_code_items)] | None = None
    max_length: int = Attr(default=0, ge=0)
    min: int | None = None
    max: int | None = None
    max_items: int = Attr(default=20, ge=1, le=10_000)
    fields: Annotated[dict[Name, Field], BeforeValidator(_named)] = {}
    normalise: Literal["none", "code", "kana"] = "none"
    marks: tuple[Literal["unknown", "not_applicable"], ...] = ()
    search: Literal["none", "exact", "name"] = "none"
    personal: bool = False
    unit: str = ""
    autocomplete: str = ""
    problems: dict[str, Annotated[ProblemOverride, BeforeValidator(_override)]] = {}


class Section(Element):
    """区分: fields that belong together; it says who reads and who writes it."""

    name: Name
    label: Text
    help: Text | None = None
    readers: tuple[Name, ...] | None = None
    fields: Annotated[dict[Name, Field], BeforeValidator(_named)]


class Form(Element):
    name: Name
    label: Text
    law: str = ""
    sections: Annotated[dict[Name, Section], BeforeValidator(_named)]


class Computed(Element):
    """A value that follows from the others; `kept` ones are set by actions, the rest are evaluated at each act."""

    name: Name
    label: Text | None = None
    value: Expression | None = None
    type: FieldType | None = None
    codes: Name | None = None
    search: Literal["none", "exact", "name"] = "none"


class Rule(Element):
    """審査基準: `check` must hold when `when` does, at the named actions; else the problem stands on `field`."""

    code: ProblemCode
    label: Text | None = None
    law: str = ""
    at: OneOrMore
    field: str
    each: Name | None = None
    when: Expression | None = None
    check: Expression
    severity: Literal["error", "warning", "refer", "info"] = "error"
    judgement: Name | None = None
    message: Text
    suggest: dict[Name, Expression] = {}


class Guard(Element):
    """A condition of the act itself; its code is the refusal. `different_from` names acts of another person."""

    code: ProblemCode
    when: Expression | None = None
    check: Expression | None = None
    different_from: tuple[Name, ...] = ()
    message: Text
    law: str = ""


class Target(Element):
    """One way out of an action: the state reached when `when` holds (the first that does)."""

    state: Name
    when: Expression | None = None


def _targets(value: object) -> object:
    return [{"state": value}] if isinstance(value, str) else value


class RecordEffect(Element):
    kind: Literal["record"] = "record"
    record: Name
    when: Expression | None = None
    key: Expression | None = None
    each: Expression | None = None
    set: dict[Name, Expression]


class NumberEffect(Element):
    kind: Literal["number"] = "number"
    number: Name
    when: Expression | None = None
    pattern: Expression


class AllocateOrder(Element):
    by: Name
    when: Expression | None = None


class AllocateEffect(Element):
    """Takes one free record of a registry for this case; nobody else can take the same one."""

    kind: Literal["allocate"] = "allocate"
    allocate: Name
    when: Expression | None = None
    registry: Name
    where: dict[Name, Expression]
    prefer: Expression | None = None
    order: tuple[AllocateOrder, ...] = ()
    none: ProblemCode
    message: Text


class DocumentEffect(Element):
    kind: Literal["document"] = "document"
    document: Name
    when: Expression | None = None


class ChargeEffect(Element):
    kind: Literal["charge"] = "charge"
    charge: Name
    when: Expression | None = None
    do: Literal["raise", "settle", "refund", "waive"] = "raise"
    amount: Expression = "0"
    method: Expression | None = None


class NotifyEffect(Element):
    kind: Literal["notify"] = "notify"
    notify: Name
    when: Expression | None = None


class ClockEffect(Element):
    kind: Literal["clock"] = "clock"
    clock: Name
    when: Expression | None = None
    do: Literal["stop", "set"] = "set"
    date: Expression | None = None


EFFECTS = ("record", "number", "allocate", "document", "charge", "notify", "clock")


def _effect_kind(value: object) -> str | None:
    """The discriminator: the one key of an effect that names what it does."""
    if isinstance(value, Element):
        return str(getattr(value, "kind", ""))
    if isinstance(value, dict):
        kinds = [key for key in value if key in EFFECTS]
        return kinds[0] if len(kinds) == 1 else None
    return None


AnyEffect = Annotated[
    Annotated[RecordEffect, Tag("record")]
    | Annotated[NumberEffect, Tag("number")]
    | Annotated[AllocateEffect, Tag("allocate")]
    | Annotated[DocumentEffect, Tag("document")]
    | Annotated[ChargeEffect, Tag("charge")]
    | Annotated[NotifyEffect, Tag("notify")]
    | Annotated[ClockEffect, Tag("clock")],
    Discriminator(_effect_kind),
]


class Action(Element):
    """A step that somebody may take on a case, with what it asks, requires, sets and causes."""

    name: Name
    label: Text
    help: Text | None = None
    done: Text | None = None
    roles: OneOrMore
    from_: OneOrMore = Attr(default=(), alias="from")
    to: Annotated[tuple[Target, ...], BeforeValidator(_targets)] = ()
    opens: bool = False
    input: tuple[str, ...] = ()
    fields: Annotated[dict[Name, Field], BeforeValidator(_named)] = {}
    guards: tuple[Guard, ...] = ()
    set: dict[Name, Expression] = {}
    effects: tuple[AnyEffect, ...] = ()
    style: Literal["primary", "secondary", "danger"] = "secondary"
    law: str = ""


class State(Element):
    name: Name
    label: Text
    help: Text | None = None
    public: Text | None = None
    final: bool = False
    step: int | None = None


def _states(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return _code_items(value)


ClockUnit = Literal["days", "business_days", "months", "years"]


class Clock(Element):
    """期限: started by actions, counted by 民法140–143条 and the body's calendar, fired once as `system`."""

    name: Name
    label: Text
    law: str = ""
    start: OneOrMore
    when: Expression | None = None
    from_: Expression = Attr(alias="from")
    n: Expression = "0"
    unit: ClockUnit = "days"
    direction: Literal["after", "before"] = "after"
    first_day: Literal["exclude", "include"] = "exclude"
    roll: Expression = "'none'"
    kind: Literal["due", "not_before", "expires"] = "due"
    fires: Literal["on", "after", "never"] = "never"
    act: Name | None = None
    notify: OneOrMore = ()
    while_: OneOrMore = Attr(default=(), alias="while")


class Lookup(Element):
    """参照: rows that rules need, by equality, then filtered; values used are kept in the event."""

    name: Name
    registry: Name
    key: Expression | None = None
    where: dict[Name, Expression] = {}
    filter: Expression | None = None
    at: OneOrMore
    max_items: int = Attr(default=50, ge=1, le=1000)


class Subject(Element):
    """対象: what a case is about."""

    kind: Name
    key: Expression
    label: Text | None = None


class Notice(Element):
    name: Name
    to: Name
    subject: Text
    text: Text


class Figure(Element):
    """A named count over the cases or records of a procedure (統計), for the body and, as a number, upward."""

    name: Name
    label: Text
    registry: Name
    month_of: Name | None = None
    by: Name | None = None
    filter: Expression | None = None


class Procedure(Element):
    """手続: one kind of case."""

    name: Name
    label: Text
    help: Text | None = None
    law: str = ""
    pattern: Literal["application", "survey", "inquiry", "registry_change", "run"]
    public: bool = False
    keywords: tuple[str, ...] = ()
    life_events: tuple[str, ...] = ()
    fee_note: Text | None = None
    form: Name
    title: str = ""
    subject: Subject | None = None
    states: Annotated[dict[Name, State], BeforeValidator(_states)]
    computed: Annotated[dict[Name, Computed], BeforeValidator(_named)] = {}
    lookups: Annotated[dict[Name, Lookup], BeforeValidator(_named)] = {}
    rules: tuple[Rule, ...] = ()
    actions: Annotated[dict[Name, Action], BeforeValidator(_named)]
    always: tuple[AnyEffect, ...] = ()
    clocks: Annotated[dict[Name, Clock], BeforeValidator(_named)] = {}
    columns: tuple[str, ...] = ()


class Registry(Element):
    """台帳: records with a key; changed only by effects of cases."""

    name: Name
    label: Text
    scope: Literal["body", "nation"] = "body"
    key: Text
    law: str = ""
    fields: Annotated[dict[Name, Field], BeforeValidator(_named)]
    columns: tuple[Name, ...] = ()
    changes: Annotated[dict[Name, RegistryChange], BeforeValidator(_named)] = {}


class RegistryChange(Element):
    """A button on the registry's page: opens `procedure` with preset inputs."""

    name: Name
    label: Text
    procedure: Name
    action: Name
    preset: dict[Name, str] = {}
    keys_field: Name | None = None


class Document(Element):
    """交付文書: a Typst template of the service's folder."""

    name: Name
    label: Text
    template: str
    law: str = ""
    readers: tuple[Name, ...] | None = None
    extra: dict[Name, Expression] = {}


class Participation(Element):
    """参加: what holds for a kind of body until it says otherwise."""

    default: Literal["none", "trial", "full"] = "full"
    kinds: dict[str, Literal["none", "trial", "full"]] = {}
    law: str = ""


class Service(Element):
    """業務: one shared system. `in_force` is the day from which this edition (版) holds."""

    slug: Slug
    label: Text
    description: Text
    law: str
    in_force: date
    ministry: str
    retention: Expression = "10"
    participation: Participation = Participation()
    uses: tuple[str, ...] = ()
    contact: Text | None = None
    roles: Annotated[dict[Name, Role], BeforeValidator(_named)]
    codes: Annotated[dict[Name, CodeList], BeforeValidator(_named)] = {}
    parameters: Annotated[dict[Name, Parameter], BeforeValidator(_named)] = {}
    forms: Annotated[dict[Name, Form], BeforeValidator(_named)]
    procedures: Annotated[dict[Name, Procedure], BeforeValidator(_named)]
    registries: Annotated[dict[Name, Registry], BeforeValidator(_named)] = {}
    documents: Annotated[dict[Name, Document], BeforeValidator(_named)] = {}
    notices: Annotated[dict[Name, Notice], BeforeValidator(_named)] = {}
    figures: Annotated[dict[Name, Figure], BeforeValidator(_named)] = {}
