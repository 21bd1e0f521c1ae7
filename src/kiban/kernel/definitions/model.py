"""The words of a service definition (design: 業務・手続・様式 …) as one typed schema.

These models are the single description of what the YAML files of a service may say. The loader fills them from
text scalars (every scalar arrives as text and is converted by the declared type), the compiler gives their
expressions types, and the documentation's schema is generated from them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BeforeValidator

from kiban.kernel.definitions.flow import (
    EFFECTS,
    Action,
    AllocateEffect,
    AllocateOrder,
    AnyEffect,
    ChargeDo,
    ChargeEffect,
    Clock,
    ClockEffect,
    ClockUnit,
    Computed,
    Correction,
    DocumentEffect,
    GrantEffect,
    Guard,
    Lookup,
    NotifyEffect,
    NumberEffect,
    Procedure,
    RecordEffect,
    Rule,
    State,
    Subject,
    Target,
)
from kiban.kernel.definitions.import_words import Import
from kiban.kernel.definitions.money_words import ChargeKind, OnlinePayment, Payments
from kiban.kernel.definitions.words import (
    CodeItem,
    CodeList,
    CodeValue,
    Element,
    Expression,
    Field,
    FieldType,
    Form,
    Label,
    Name,
    OneOrMore,
    Parameter,
    ParameterType,
    ParameterValue,
    ProblemCode,
    ProblemOverride,
    Role,
    Section,
    Slug,
    Text,
    Vary,
    named,
)

__all__ = [
    "EFFECTS",
    "Action",
    "AllocateEffect",
    "AllocateOrder",
    "AnyEffect",
    "ChargeDo",
    "ChargeEffect",
    "ChargeKind",
    "Clock",
    "ClockEffect",
    "ClockUnit",
    "CodeItem",
    "CodeList",
    "CodeValue",
    "Computed",
    "Correction",
    "Document",
    "DocumentEffect",
    "Element",
    "Expression",
    "Field",
    "FieldType",
    "Figure",
    "Form",
    "GrantEffect",
    "Guard",
    "Label",
    "Lookup",
    "Name",
    "Notice",
    "NotifyEffect",
    "NumberEffect",
    "OneOrMore",
    "OnlinePayment",
    "Parameter",
    "ParameterType",
    "ParameterValue",
    "Participation",
    "Payments",
    "ProblemCode",
    "ProblemOverride",
    "Procedure",
    "Question",
    "RecordEffect",
    "Registry",
    "RegistryChange",
    "Role",
    "Rule",
    "Section",
    "Service",
    "Slug",
    "State",
    "Subject",
    "Target",
    "Text",
    "Vary",
]


class Notice(Element):
    name: Name
    to: Name
    subject: Text
    text: Text


class Question(Element):
    """よくある質問: a question that people ask, and its answer; `{param.x}` shows a legal value.

    Without `procedure` it is about the whole service, without `roles` it is for everybody.
    """

    name: Name
    question: Text
    answer: Text
    procedure: Name | None = None
    roles: tuple[Name, ...] = ()
    law: str = ""


class Figure(Element):
    """A named count over the cases or records of a procedure (統計), for the body and, as a number, upward."""

    name: Name
    label: Text
    registry: Name
    month_of: Name | None = None
    by: Name | None = None
    filter: Expression | None = None


class Registry(Element):
    """台帳: records with a key; changed only by effects of cases."""

    name: Name
    label: Text
    scope: Literal["body", "nation"] = "body"
    key: Text
    law: str = ""
    fields: Annotated[dict[Name, Field], BeforeValidator(named)]
    columns: tuple[Name, ...] = ()
    changes: Annotated[dict[Name, RegistryChange], BeforeValidator(named)] = {}


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
    contact: Text | None = None
    roles: Annotated[dict[Name, Role], BeforeValidator(named)]
    codes: Annotated[dict[Name, CodeList], BeforeValidator(named)] = {}
    parameters: Annotated[dict[Name, Parameter], BeforeValidator(named)] = {}
    forms: Annotated[dict[Name, Form], BeforeValidator(named)]
    procedures: Annotated[dict[Name, Procedure], BeforeValidator(named)]
    registries: Annotated[dict[Name, Registry], BeforeValidator(named)] = {}
    documents: Annotated[dict[Name, Document], BeforeValidator(named)] = {}
    notices: Annotated[dict[Name, Notice], BeforeValidator(named)] = {}
    charges: Annotated[dict[Name, ChargeKind], BeforeValidator(named)] = {}
    payments: Payments | None = None
    figures: Annotated[dict[Name, Figure], BeforeValidator(named)] = {}
    imports: Annotated[dict[Name, Import], BeforeValidator(named)] = {}
    questions: Annotated[dict[Name, Question], BeforeValidator(named)] = {}
