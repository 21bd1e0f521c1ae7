"""Acts of the office (職員の事務) that every procedure knows: notes, who handles a case, handing it over.

They are events of the case's chain like any other act, but they are the body's own business: they change nothing
that a party, another body or a rule can see. Their names begin with `office.`:

    office.note       text, pinned            a note for the colleagues (職員メモ)
    office.pin        note, pinned            a note stands first, or no longer
    office.strike     note                    a note is struck out by who wrote it (its trace stays)
    office.assign     person                  somebody handles the case from now on; nobody named: who acts
    office.unassign                           nobody in particular handles it any more
    office.hand_over  department, person, comment   the case goes to a department or a colleague, who is told

Who may: staff and machines of the body itself with a role that reaches its cases, in every state. What is kept
stands in `CaseState.office` (JSON): `assignee` (id), `department`, `notes` ({seq: author}), `pinned`, `struck`
(lists of seq), and `quiet` ([a, b]: the last visible event is a, those behind it up to b are acts of the office).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Field, Label, Service
from kiban.kernel.facts import ActorFacts, CaseState, DecidedEffect, Decision, Facts, NoticeSent, Refusal
from kiban.kernel.problems import INVALID, NOT_ALLOWED, NOT_FOUND, NOT_IN_LIST, UNKNOWN_FIELD, Problem
from kiban.kernel.state import changes_between, state_to_json
from kiban.kernel.values import Codec, ReadContext, codec

PREFIX = "office."
NOTE, PIN, STRIKE = "office.note", "office.pin", "office.strike"
ASSIGN, UNASSIGN, HAND_OVER = "office.assign", "office.unassign", "office.hand_over"

LABELS: Mapping[str, Label] = {
    NOTE: Label(ja="職員メモを書く", en="Write a note"),
    PIN: Label(ja="メモの固定を変える", en="Pin a note"),
    STRIKE: Label(ja="メモを取り消す", en="Strike a note out"),
    ASSIGN: Label(ja="担当者を決める", en="Assign"),
    UNASSIGN: Label(ja="担当を外す", en="Unassign"),
    HAND_OVER: Label(ja="引き継ぐ", en="Hand over"),
}


def _field(name: str, ja: str, en: str, type_: Any, *, required: bool = False, most: int = 0) -> Field:
    return Field(
        name=name,
        label=Label(ja=ja, en=en),
        type=type_,
        required="true" if required else "false",
        max_length=most,
    )


_NUMBER_OF_NOTE = _field("note", "メモの番号", "Note", "integer", required=True)
FIELDS: Mapping[str, Mapping[str, Field]] = {
    NOTE: {
        "text": _field("text", "メモ", "Note", "long_text", required=True, most=4000),
        "pinned": _field("pinned", "先頭に固定する", "Keep it first", "yes_no"),
    },
    PIN: {
        "note": _NUMBER_OF_NOTE,
        "pinned": _field("pinned", "先頭に固定する", "Keep it first", "yes_no", required=True),
    },
    STRIKE: {"note": _NUMBER_OF_NOTE},
    ASSIGN: {"person": _field("person", "担当者", "Person", "text", most=100)},
    UNASSIGN: {},
    HAND_OVER: {
        "department": _field("department", "引継ぎ先の部署", "Department", "text", most=100),
        "person": _field("person", "引継ぎ先の担当者", "Person", "text", most=100),
        "comment": _field("comment", "引継ぎの内容", "Comment", "long_text", most=2000),
    },
}
_CODECS: Mapping[str, Mapping[str, Codec]] = {
    act: {name: codec(item, {}) for name, item in fields.items()} for act, fields in FIELDS.items()
}

_NO_SUCH_ACT = Label(ja="この操作はありません。", en="There is no such action.")
_MAY_NOT = Label(ja="この操作をする権限がありません。", en="You may not do this.")
_WRONG = Label(ja="入力に直していただきたい所があります。", en="Please correct your input.")


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works on the cases of a body: department by person (id), and the names of its departments."""

    people: Mapping[str, str]
    departments: Collection[str] = ()

    @property
    def known_departments(self) -> frozenset[str]:
        return frozenset(name for name in (*self.departments, *self.people.values()) if name)


def is_office(act: str) -> bool:
    """Whether an act (or the name of a notice) is the office's own."""
    return act.startswith(PREFIX)


def told(act: str) -> Mapping[str, Codec]:
    """The inputs that the line of such an act in the history tells; notes stand by themselves, ids tell nothing."""
    return {n: c for n, c in _CODECS[act].items() if n != "person"} if act == HAND_OVER else {}


def works_here(service: Service, actor: ActorFacts, body: str) -> bool:
    """Whether the actor belongs to the body and a role of theirs reaches its cases: who sees the office's own acts."""
    if actor.kind not in ("staff", "machine") or actor.place != body:
        return False
    reaches = (service.roles[name].reach for name in actor.roles if name in service.roles)
    return any(reach in ("body", "below", "nation") for reach in reaches)


def visible_seq(case: CaseState) -> int:
    """The number of the last event that is not the office's own: what others know as the case's version."""
    since, until = _quiet(case)
    return since if case.seq == until else case.seq


def moved_on(case: CaseState, seen: int) -> bool:
    """Whether something else than acts of the office happened since the version `seen`."""
    return not visible_seq(case) <= seen <= case.seq


def decide_office(
    procedure: CompiledProcedure,
    case: CaseState,
    act: str,
    given: Mapping[str, object],
    facts: Facts,
    staff: Staff,
) -> Decision | Refusal:
    """Decides one act of the office on an open or finished case. Pure, like `kernel.decide.decide`."""
    if act not in FIELDS or not works_here(procedure.service, facts.actor, facts.body.code):
        return Refusal(NOT_FOUND, _NO_SUCH_ACT)
    values, problems = _read(act, given, facts)
    problems += _problems(case, act, values, facts, staff)
    if problems:
        return Refusal(INVALID, _WRONG, tuple(problems))
    office = _after(case, act, values, facts.actor)
    if office is None:
        return Refusal(NOT_ALLOWED, _MAY_NOT)
    after = replace(case, office=office, seq=case.seq + 1)
    return Decision(
        action=act, case=after, before=case.state,
        input={name: _CODECS[act][name].to_json(value) for name, value in values.items()},
        changes=changes_between(state_to_json(procedure, case), state_to_json(procedure, after)),
        reasons={}, lookups={}, problems=(), effects=_notices(case, act, values, facts.actor),
    )  # fmt: skip


def _quiet(case: CaseState) -> tuple[int, int]:
    since, until = cast("tuple[int, int]", case.office.get("quiet") or (0, 0))
    return since, until


def _read(act: str, given: Mapping[str, object], facts: Facts) -> tuple[dict[str, Any], list[Problem]]:
    context = ReadContext(today=facts.today, locate=lambda _text: None)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, item in _CODECS[act].items():
        reading = item.read(given.get(name), context, name)
        problems += reading.problems
        if reading.value is not None:
            values[name] = reading.value
        elif item.field.required == "true" and not reading.problems:
            problems.append(_missing(name, item.field.label))
    for name in given:
        if name not in _CODECS[act]:
            words = Label(ja="この項目はありません。", en="There is no such field.")
            problems.append(Problem(str(name)[:100], UNKNOWN_FIELD, words))
    return values, problems


def _missing(name: str, label: Label) -> Problem:
    words = Label(ja=f"「{label.ja}」を入力してください。", en=f"Please fill in: {label.text('en')}.")
    return Problem(name, "required", words)


def _problems(
    case: CaseState, act: str, values: Mapping[str, Any], facts: Facts, staff: Staff
) -> list[Problem]:
    found = []
    person, department = values.get("person"), values.get("department")
    if person is not None and person not in staff.people:
        words = Label(
            ja="この人は、いまこの業務の役割を持っていません。一覧から選び直してください。",
            en="This person has no role in this service now. Please choose from the list.",
        )
        found.append(Problem("person", NOT_IN_LIST, words))
    if department is not None and department not in staff.known_departments:
        words = Label(ja="この部署はありません。一覧から選んでください。", en="There is no such department.")
        found.append(Problem("department", NOT_IN_LIST, words))
    if act == HAND_OVER and person is None and department is None:
        words = Label(
            ja="引き継ぐ部署か担当者を選んでください。", en="Please choose a department or a person."
        )
        found.append(Problem("department", "required", words))
    if act == ASSIGN and person is None and facts.actor.id not in staff.people:
        words = Label(ja="担当者を選んでください。", en="Please choose a person.")
        found.append(Problem("person", "required", words))
    if "note" in values and str(values["note"]) not in _notes(case):
        words = Label(ja="このメモはありません。", en="There is no such note.")
        found.append(Problem("note", NOT_FOUND, words))
    return found


def _notes(case: CaseState) -> Mapping[str, str]:
    return case.office.get("notes") or {}  # type: ignore[return-value]


def _after(
    case: CaseState, act: str, values: Mapping[str, Any], actor: ActorFacts
) -> dict[str, object] | None:
    """What the office knows of the case afterwards; None when the actor may not do this."""
    office = dict(case.office)
    seq = case.seq + 1
    office["quiet"] = [visible_seq(case), seq]
    pinned, struck = _listed(office.get("pinned")), _listed(office.get("struck"))
    if act == NOTE:
        office["notes"] = {**_notes(case), str(seq): actor.id}
        pinned = [*pinned, seq] if values.get("pinned") else pinned
    elif act == PIN:
        others = [number for number in pinned if number != values["note"]]
        pinned = [*others, values["note"]] if values["pinned"] else others
    elif act == STRIKE:
        if _notes(case)[str(values["note"])] != actor.id:
            return None
        struck = sorted({*struck, values["note"]})
        pinned = [number for number in pinned if number != values["note"]]
    elif act == ASSIGN:
        office["assignee"] = values.get("person") or actor.id
    elif act == UNASSIGN:
        office["assignee"] = None
    elif act == HAND_OVER:
        office["assignee"] = values.get("person")
        if values.get("department"):
            office["department"] = values["department"]
    office["pinned"], office["struck"] = pinned, struck
    return {name: value for name, value in office.items() if value not in (None, [], {})}


def _listed(value: object) -> list[int]:
    return list(value) if isinstance(value, list | tuple) else []


def _notices(
    case: CaseState, act: str, values: Mapping[str, Any], actor: ActorFacts
) -> tuple[DecidedEffect, ...]:
    """Those to whom the case comes are told that it does; what was written stays on the case's page."""
    person, department = values.get("person"), values.get("department")
    if act not in (ASSIGN, HAND_OVER) or person == actor.id or (person is None and department is None):
        return ()
    to = person_address(person) if person is not None else department_address(str(department))
    subject = (
        Label(ja="案件の担当になりました", en="A case has been assigned to you")
        if act == ASSIGN
        else Label(ja="案件が引き継がれました", en="A case has been handed over to you")
    )
    text = Label(
        ja=f"受付番号 {case.number}。内容は案件の画面でご確認ください。",
        en=f"Receipt number {case.number}. Please see the page of the case.",
    )
    return (NoticeSent(act, to, subject, text),)


def person_address(person: str) -> str:
    """A notice's addressee: one of the staff, in place of a role."""
    return f"person/{person}"


def department_address(department: str) -> str:
    """A notice's addressee: the staff of a department, in place of a role."""
    return f"department/{department}"


def addressee(to: str) -> tuple[str, str] | None:
    """(`person` or `department`, whom) of an addressee that is not a role; else None."""
    kind, slash, name = to.partition("/")
    return (kind, name) if slash and kind in ("person", "department") else None
