"""What deciding needs to know, and what it answers. All of it is plain, frozen data: no I/O, no clock, no database.

`World` is the one port through which deciding asks for what stands outside the case: rows of registries, a free
record, the next number. A shell (PostgreSQL, or memory in a scenario run) answers; deciding stays a pure function of
its arguments and of those answers, and the answers used are kept in the event.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

from kiban.kernel.calendar import Calendar
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.definitions.model import ChargeDo, Label
from kiban.kernel.problems import Problem

ActorKind = Literal["party", "staff", "machine", "system"]
SEALED_MARK = "sealed"
"""The mark of a secret answer that is there, and that nobody has asked to see."""


@dataclass(frozen=True, slots=True)
class BodyFacts:
    """団体 as rules see it: `code` is the 6-digit code; `wards` are the codes of its wards (指定都市の区)."""

    code: str
    name: str
    kind: str = ""
    prefecture: str = ""
    wards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActorFacts:
    """行為者: who acts now. `id` is stable and opaque; `roles` are those held for this body and service.

    `deputy` names, for each role that is held only in somebody's place (代決), the id of that person.
    `granted` are roles held elsewhere (role, place) that see of another body's cases what is granted to them.
    """

    id: str
    kind: ActorKind
    roles: frozenset[str]
    place: str = ""
    department: str = ""
    deputy: Mapping[str, str] = field(default_factory=dict)
    granted: tuple[tuple[str, str], ...] = ()


SYSTEM = ActorFacts(id="system", kind="system", roles=frozenset({"system"}))


@dataclass(frozen=True, slots=True)
class Charge:
    """A claim of money on a case, in integer yen."""

    due: int = 0
    paid: int = 0
    waived: int = 0

    @property
    def balance(self) -> int:
        return self.due - self.paid - self.waived

    def as_row(self) -> dict[str, int]:
        return {"due": self.due, "paid": self.paid, "balance": self.balance}


@dataclass(frozen=True, slots=True)
class ClockState:
    """A started clock: the civil date it stands on and the instant (Asia/Tokyo midnight) at which `system` acts."""

    on: date
    fire_at: datetime | None = None
    fired: bool = False


@dataclass(frozen=True, slots=True)
class Grant:
    """権限付与: a role in a place (`to`) sees these fields and documents of the case, from a day to a day (included).

    `basis` is the article or reason. One that is `revoked` or `blocked` shows nothing.
    """

    role: str
    to: str
    fields: tuple[str, ...]
    documents: tuple[str, ...]
    basis: str
    since: date
    until: date | None = None
    revoked: bool = False
    blocked: bool = False

    def holds(self, on: date) -> bool:
        """Whether it shows anything on a day."""
        last = self.until is None or on <= self.until
        return self.since <= on and last and not self.revoked and not self.blocked


@dataclass(frozen=True, slots=True)
class CaseState:
    """The folded state of a case. `values` hold internal values (dates as date, money as int …).

    `office` is what the office keeps for itself about the case (see kernel.office): no rule and no party sees it.
    """

    id: str
    procedure: str
    state: str
    values: Mapping[str, object]
    opened_on: date
    number: str = ""
    texts: Mapping[str, str] = field(default_factory=dict)
    marks: Mapping[str, str] = field(default_factory=dict)
    clocks: Mapping[str, ClockState] = field(default_factory=dict)
    charges: Mapping[str, Charge] = field(default_factory=dict)
    actors: Mapping[str, str] = field(default_factory=dict)
    grants: Mapping[str, Grant] = field(default_factory=dict)
    seq: int = 0
    office: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """Rows of `registry` in the case's body: by `keys`, or by equality of `where`; at most `max_items`.

    `changes`: the act will change this registry by what it finds. A shell that serves several at once lets no other
    such act read the registry of the body until this one has ended.
    """

    name: str
    registry: str
    keys: tuple[str, ...] | None
    where: Mapping[str, object]
    max_items: int
    changes: bool = False


@dataclass(frozen=True, slots=True)
class AllocateRequest:
    """One record of `registry` whose fields equal `where`; `prefer` names it, else the first by `order`, then key."""

    name: str
    registry: str
    where: Mapping[str, object]
    prefer: str | None
    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberRequest:
    """The next number of `pattern` (see kernel.numbering) in the case's body; gapless, counted per `scope`.

    Numbers that are keys of the registry `not_in` already (a ledger brought along) are passed over.
    """

    name: str
    pattern: str
    on: date
    scope: str
    not_in: str = ""


class World(Protocol):
    """The port of deciding. Rows are mappings of internal values with the record's key under `key`."""

    def lookup(self, request: LookupRequest) -> Sequence[Mapping[str, object]]: ...

    def allocate(self, request: AllocateRequest) -> str | None: ...

    def number(self, request: NumberRequest) -> str: ...

    def locate(self, text: str) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything else that an act is decided on: `now` is aware; `parameters` are internal values as of the case."""

    now: datetime
    body: BodyFacts
    actor: ActorFacts
    parameters: Mapping[str, object]
    calendar: Calendar
    participation: Literal["none", "trial", "full"] = "full"

    @property
    def today(self) -> date:
        return today_in_tokyo(self.now)


@dataclass(frozen=True, slots=True)
class RecordChange:
    """Sets fields of a record (JSON values; None clears), creating it where it does not exist."""

    registry: str
    key: str
    set: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class DocumentIssue:
    """A document is issued; with `replaces` those of its name that stand are superseded by it (差替え)."""

    name: str
    replaces: bool = False


@dataclass(frozen=True, slots=True)
class DocumentWithdrawal:
    """The documents of a name that stand are withdrawn (撤回)."""

    name: str


@dataclass(frozen=True, slots=True)
class ChargeChange:
    """`receipt` is the receipt number of a payment (領収番号), `reference` what a provider or the counter calls it."""

    name: str
    do: ChargeDo
    amount: int
    method: str = ""
    reference: str = ""
    receipt: str = ""


@dataclass(frozen=True, slots=True)
class NoticeSent:
    """A notice to a role of the case, already in words (`{ja, en}`)."""

    name: str
    to: str
    subject: Label
    text: Label


@dataclass(frozen=True, slots=True)
class GrantChange:
    """Who else may see a summary of the case, or no longer: `to` is the code of a body, `*` for all of them."""

    role: str
    to: str
    do: Literal["give", "revoke", "block", "unblock"]
    fields: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    basis: str = ""
    until: date | None = None


DecidedEffect = RecordChange | DocumentIssue | DocumentWithdrawal | ChargeChange | NoticeSent | GrantChange


@dataclass(frozen=True, slots=True)
class Decision:
    """An act that goes through: the case after it, what changed, and what it causes. JSON-ready where said.

    `deputy_for`: the id of the person in whose place it was done (代決); empty when it was done in one's own right.
    """

    action: str
    case: CaseState
    before: str
    input: Mapping[str, object]
    changes: Mapping[str, object]
    reasons: Mapping[str, str]
    lookups: Mapping[str, object]
    problems: tuple[Problem, ...]
    effects: tuple[DecidedEffect, ...]
    deputy_for: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An act that does not: `code` is a guard's (not_same_person, fee_unpaid …) or `invalid` with problems."""

    code: str
    message: Label
    problems: tuple[Problem, ...] = ()
    suggest: Mapping[str, object] = field(default_factory=dict)
