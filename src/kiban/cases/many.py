"""`act_many`: the set-wise form of the one door. One act on many cases, each decided, refused and written by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from kiban.cases import door
from kiban.cases.door import Outcome
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import ActorFacts, Refusal
from kiban.kernel.problems import NOT_FOUND

LONGEST_KEY = 200
"""The characters of a key of many, so that each case's own key fits the door."""

_NOT_THERE = Label(
    ja="この案件はありません。または、この手続の案件ではありません。",
    en="There is no such case, or it is of another procedure.",
)


def act_many(
    body: str,
    service: str,
    procedure: str,
    cases: Iterable[UUID | str],
    action: str,
    actor: ActorFacts,
    input: Mapping[str, object],
    *,
    key: str,
    route: str,
    reasons: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, Outcome]]:
    """(case, outcome) for each case, in order, as soon as it is done.

    Every case is an act of its own with its own transaction, guards and event: four eyes, warnings and rules hold
    for each, and one that is refused stops none of the others. Its idempotency key is `<key>/<case>`, so that a
    list that broke off is simply sent again with the same key: what was done is answered as it was. A case that
    the actor may not see is refused like one that is not there. Raises door.KeyConflict where the key was used for
    other input, door.BadKey for a key of more than 200 characters.
    """
    if len(key) > LONGEST_KEY:
        raise door.BadKey("a key of many has at most 200 characters")
    for case in cases:
        name = str(case)
        try:
            outcome = door.act(
                body, service, procedure, name, action, actor, input, idempotency_key=f"{key}/{name}",
                route=route, reasons=reasons,
            )  # fmt: skip
        except door.NotVisible:
            outcome = Outcome("refused", {"case": name}, refusal=Refusal(NOT_FOUND, _NOT_THERE))
        yield name, outcome
