"""The words of a procedure (手続): what is computed, judged, done and caused, and when clocks strike."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Tag
from pydantic import Field as Attr

from kiban.kernel.definitions.money_words import OnlinePayment
from kiban.kernel.definitions.words import (
    Element,
    Expression,
    Field,
    FieldType,
    Name,
    OneOrMore,
    ProblemCode,
    Text,
    code_items,
    named,
)


class Computed(Element):
    """A value that follows from the others; `kept` ones are set by actions, the rest are evaluated at each act.

    `readers` says which roles see it. Without it a labelled one is for everybody who sees the case, one without a
    label for the office alone.
    """

    name: Name
    label: Text | None = None
    value: Expression | None = None
    type: FieldType | None = None
    codes: Name | None = None
    search: Literal["none", "exact", "name"] = "none"
    readers: tuple[Name, ...] | None = None


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
    """A condition of the act itself; its code is the refusal. `different_from` names acts of another person.

    One that `hides` takes the act off the pages while it refuses, where others say there why they would.
    """

    code: ProblemCode
    when: Expression | None = None
    check: Expression | None = None
    different_from: tuple[Name, ...] = ()
    hides: bool = False
    message: Text
    law: str = ""


class Target(Element):
    """One way out of an action: the state reached when `when` holds (the first that does)."""

    state: Name
    when: Expression | None = None


def _targets(value: object) -> object:
    return [{"state": value}] if isinstance(value, str) else value


class Effect(Element):
    """効果: what an act causes, where `when` holds."""

    when: Expression | None = None


class RecordEffect(Effect):
    kind: Literal["record"] = "record"
    record: Name
    key: Expression | None = None
    each: Expression | None = None
    set: dict[Name, Expression]


class NumberEffect(Effect):
    """Takes the next number. With `not_in` those that are keys of that registry already are passed over."""

    kind: Literal["number"] = "number"
    number: Name
    pattern: Expression
    not_in: Name | None = None


class AllocateOrder(Element):
    by: Name
    when: Expression | None = None


class AllocateEffect(Effect):
    """Takes one free record of a registry for this case; nobody else can take the same one."""

    kind: Literal["allocate"] = "allocate"
    allocate: Name
    registry: Name
    where: dict[Name, Expression]
    prefer: Expression | None = None
    order: tuple[AllocateOrder, ...] = ()
    none: ProblemCode
    message: Text


class DocumentEffect(Effect):
    """Issues a document. With `replaces` it supersedes those of its name that stand on the case (差替え); `withdraw`
    takes those back and issues none (撤回).
    """

    kind: Literal["document"] = "document"
    document: Name
    do: Literal["issue", "withdraw"] = "issue"
    replaces: bool = False


ChargeDo = Literal["raise", "settle", "refund", "waive", "repay", "void", "cancel"]


class ChargeEffect(Effect):
    """Money on the case. `raise` claims, `settle` takes, `waive` lets off; `refund` gives a fee back that is then no
    longer owed, `repay` what was paid too much (過誤納還付), `void` undoes an entry of money that was not taken,
    `cancel` takes back a claim that should not have been raised (what was paid stays paid).
    """

    kind: Literal["charge"] = "charge"
    charge: Name
    do: ChargeDo = "raise"
    amount: Expression = "0"
    method: Expression | None = None
    reference: Expression | None = None


class NotifyEffect(Effect):
    kind: Literal["notify"] = "notify"
    notify: Name


class ClockEffect(Effect):
    """`set` moves a clock to a day; `stop`: it keeps its day and fires no more; `remove`: as if never started."""

    kind: Literal["clock"] = "clock"
    clock: Name
    do: Literal["stop", "set", "remove"] = "set"
    date: Expression | None = None


class GrantEffect(Effect):
    """権限付与: lets the holders of a role in another place see a summary of this case, or no longer.

    `to` is the code of a body. `sections`, `fields` (also computed values) and `documents` are all that is seen
    there; `until` is the last day, `basis` the article. `revoke` ends it (without `to`: for every place). `block`
    outranks every grant to the place (without `to`: to all), present or to come, until `unblock`.
    """

    kind: Literal["grant"] = "grant"
    grant: Name
    do: Literal["give", "revoke", "block", "unblock"] = "give"
    to: Expression | None = None
    sections: tuple[Name, ...] = ()
    fields: tuple[Name, ...] = ()
    documents: tuple[Name, ...] = ()
    basis: str = ""
    until: Expression | None = None


EFFECTS = ("record", "number", "allocate", "document", "charge", "notify", "clock", "grant")


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
    | Annotated[ClockEffect, Tag("clock")]
    | Annotated[GrantEffect, Tag("grant")],
    Discriminator(_effect_kind),
]


class Correction(Element):
    """補正: the inputs of an action by which it says what is to be put right: fields, points (a group of `field` and
    `reason`), and words for all of it.
    """

    fields: Name | None = None
    points: Name | None = None
    comment: Name | None = None


class Action(Element):
    """A step that somebody may take on a case, with what it asks, requires, sets and causes.

    One that `decides` answers what was asked for: up to it a service measures how long people wait. One that is not
    `offered` stands on no page: an import, an inbound message or another system takes it by its name.
    """

    name: Name
    label: Text
    help: Text | None = None
    done: Text | None = None
    roles: OneOrMore
    from_: OneOrMore = Attr(default=(), alias="from")
    to: Annotated[tuple[Target, ...], BeforeValidator(_targets)] = ()
    opens: bool = False
    decides: bool = False
    offered: bool = True
    input: tuple[str, ...] = ()
    fields: Annotated[dict[Name, Field], BeforeValidator(named)] = {}
    correction: Correction | None = None
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
    return code_items(value)


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


class Procedure(Element):
    """手続: one kind of case."""

    name: Name
    label: Text
    help: Text | None = None
    law: str = ""
    pattern: Literal["application", "survey", "inquiry", "registry_change", "run"]
    public: bool = False
    keywords: tuple[str, ...] = ()
    life_events: tuple[Text, ...] = ()
    fee_note: Text | None = None
    online_payment: OnlinePayment | None = None
    form: Name
    title: str = ""
    subject: Subject | None = None
    states: Annotated[dict[Name, State], BeforeValidator(_states)]
    computed: Annotated[dict[Name, Computed], BeforeValidator(named)] = {}
    lookups: Annotated[dict[Name, Lookup], BeforeValidator(named)] = {}
    rules: tuple[Rule, ...] = ()
    actions: Annotated[dict[Name, Action], BeforeValidator(named)]
    always: tuple[AnyEffect, ...] = ()
    clocks: Annotated[dict[Name, Clock], BeforeValidator(named)] = {}
    columns: tuple[str, ...] = ()
