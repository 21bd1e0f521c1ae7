"""The words of money: what is charged (科目), how it is paid, and what may be paid online."""

from __future__ import annotations

from kiban.kernel.definitions.words import Element, Expression, Name, OneOrMore, Text

RECEIPT_PATTERN = "R{wareki_fy:02}-{seq:05}"


class ChargeKind(Element):
    """請求: what a `charge` effect names. `account` is the heading under which a body books it (歳入科目).

    `payer` is the field that says who pays (納入者); `receipt` the pattern of its receipt numbers (領収番号), counted
    without a gap for each body, service and fiscal year.
    """

    name: Name
    label: Text
    account: Text | None = None
    law: str = ""
    payer: Name | None = None
    receipt: str = RECEIPT_PATTERN


class Payments(Element):
    """収納: the code list of the ways to pay, which of them are counted as cash when a day is closed, and which are
    matched with what a provider or bank says (`matched`).

    `four_eyes` (over parameters) says whether a closed day needs a second person.
    """

    methods: Name
    cash: OneOrMore = ("cash",)
    matched: OneOrMore = ()
    four_eyes: Expression = "false"


class OnlinePayment(Element):
    """オンライン納付: a party may pay `charge` online wherever `act` is possible for the system.

    A confirmed payment does `act`; where that is refused (paid in the meantime, the case has moved on), `otherwise`,
    so that money that has come in is never lost sight of. Both take `amount`; `method` is the code that they are given.
    """

    charge: Name
    act: Name
    otherwise: Name | None = None
    method: Name
