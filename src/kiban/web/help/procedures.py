"""Help on a procedure, drawn from what its service says: questions, how it goes on, who does what, by which law."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kiban.definitions import parameters
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.definitions.model import Action, Clock, Document, Label, Notice, State
from kiban.kernel.definitions.templates import Template
from kiban.kernel.environment import shower
from kiban.kernel.text import search_key
from kiban.ops import clock
from kiban.web.public.catalogue import Entry


@dataclass(frozen=True)
class Answered:
    """A question that a service answers, with the values that hold for a body (or in the nation)."""

    name: str
    question: Label
    answer: Label
    law: str


@dataclass(frozen=True)
class Doing:
    """An action as staff read about it: who, in which states, what it leads to, what it issues."""

    action: Action
    roles: tuple[Label, ...]
    states: tuple[Label, ...]
    leads: tuple[Label, ...]
    documents: tuple[Label, ...]


def questions(
    compiled: CompiledService, procedure: CompiledProcedure | None, kinds: frozenset[str], body: str = ""
) -> list[Answered]:
    """The questions of a service (about a procedure and about all of it) for roles of these kinds."""
    service = compiled.service
    env = {"param": parameters.resolve(compiled, body, clock.today())}
    found = []
    for word in service.questions.values():
        if word.procedure not in (None, procedure.name if procedure is not None else None):
            continue
        if word.roles and not any(service.roles[role].kind in kinds for role in word.roles):
            continue
        some = procedure or next(iter(compiled.procedures.values()))
        answer = Template.of(word.answer).fill(env, shower(some))
        found.append(Answered(word.name, word.question, answer, word.law))
    return found


def matching(entry: Entry, words: list[str]) -> bool:
    """Whether every word occurs in what the procedure says to the public."""
    word = entry.procedure.procedure
    labels = [word.label, word.help, *word.life_events] + [
        label
        for said in questions(entry.compiled, entry.procedure, PARTY)
        for label in (said.question, said.answer)
    ]
    text = search_key("\n".join(part for label in labels if label for part in (label.ja, label.en)))
    text += search_key("\n".join(word.keywords))
    return all(one in text for one in words)


PARTY, STAFF = frozenset({"party"}), frozenset({"staff"})


def way(procedure: CompiledProcedure) -> list[State]:
    """The states in the order of their steps, as an applicant meets them."""
    states = [s for s in procedure.procedure.states.values() if s.public is not None]
    return sorted(states, key=lambda state: (state.step or 0, state.final))


def documents(procedure: CompiledProcedure, roles: frozenset[str]) -> list[Document]:
    """The documents that the procedure issues and these roles may read."""
    issued = {
        effect.document
        for action in procedure.procedure.actions.values() for effect in action.effects if effect.kind == "document"
    }  # fmt: skip
    words = procedure.service.documents
    return [
        word for name, word in words.items()
        if name in issued and (word.readers is None or roles & set(word.readers))
    ]  # fmt: skip


def notices(procedure: CompiledProcedure, roles: frozenset[str]) -> list[Notice]:
    """The notices that the procedure sends to these roles."""
    word = procedure.procedure
    sent = {e.notify for a in word.actions.values() for e in a.effects if e.kind == "notify"}
    sent |= {name for item in word.clocks.values() for name in item.notify}
    return [
        notice for name, notice in procedure.service.notices.items() if name in sent and notice.to in roles
    ]


def deadlines(procedure: CompiledProcedure) -> list[Clock]:
    """The time limits, without those that only remind."""
    return [word for word in procedure.procedure.clocks.values() if not word.notify or word.act]


def doing(procedure: CompiledProcedure, roles: Iterable[str]) -> list[Doing]:
    """What the named roles do, in the order of the definition."""
    service, word, wanted = procedure.service, procedure.procedure, set(roles)
    found = []
    for action in word.actions.values():
        mine = [role for role in action.roles if role in wanted]
        if not mine:
            continue
        leads = dict.fromkeys(target.state for target in action.to if target.state not in action.from_)
        papers = [e.document for e in action.effects if e.kind == "document"]
        found.append(Doing(
            action, tuple(service.roles[role].label for role in mine),
            () if action.opens else tuple(word.states[state].label for state in action.from_),
            tuple(word.states[state].label for state in leads),
            tuple(service.documents[name].label for name in dict.fromkeys(papers)),
        ))  # fmt: skip
    return found


def roles_of(compiled: CompiledService, kinds: frozenset[str]) -> frozenset[str]:
    """The roles of these kinds."""
    return frozenset(role.name for role in compiled.service.roles.values() if role.kind in kinds)
