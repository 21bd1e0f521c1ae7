"""References of the words of money: charges, ways to pay, what may be paid online."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kiban.kernel.definitions.loader import DefinitionProblem, Marks
from kiban.kernel.definitions.model import Action, Procedure, Service
from kiban.kernel.definitions.scopes import charge_names, input_fields
from kiban.kernel.expr.problems import nearest
from kiban.kernel.numbering import check_pattern

_Path = tuple[str | int, ...]


def money_problems(service: Service, marks: Marks) -> Iterator[DefinitionProblem]:
    """What leads nowhere in `charges`, `payments` and `online_payment`."""
    yield from _charges(service, marks)
    yield from _payments(service, marks)
    for procedure in service.procedures.values():
        if procedure.form in service.forms:
            yield from _charged(service, procedure, marks)
            yield from _online(service, procedure, marks)


def _unknown(
    marks: Marks, path: _Path, kind: str, name: str, names: Collection[str]
) -> Iterator[DefinitionProblem]:
    if name not in names:
        near = nearest(name, names)
        hint = f"; did you mean {near}?" if near else ""
        yield marks.problem(path, f"there is no {kind} `{name}`{hint}")


def _charges(service: Service, marks: Marks) -> Iterator[DefinitionProblem]:
    for name, kind in service.charges.items():
        for problem in check_pattern(kind.receipt):
            yield marks.problem(("charges", name, "receipt"), problem.en)


def _payments(service: Service, marks: Marks) -> Iterator[DefinitionProblem]:
    word = service.payments
    if word is None:
        return
    yield from _unknown(marks, ("payments", "methods"), "code list", word.methods, service.codes)
    if word.methods in service.codes:
        for group in ("cash", "matched"):
            for code in getattr(word, group):
                items = service.codes[word.methods].items
                yield from _unknown(marks, ("payments", group), "code", code, items)


def _charged(service: Service, procedure: Procedure, marks: Marks) -> Iterator[DefinitionProblem]:
    """Every charge of a procedure is one of the service's, and its payer a field of the form."""
    if not service.charges:
        return
    path: _Path = ("procedures", procedure.name, "actions")
    fields = {n for section in service.forms[procedure.form].sections.values() for n in section.fields}
    for name in charge_names(procedure):
        yield from _unknown(marks, path, "charge", name, service.charges)
        payer = service.charges[name].payer if name in service.charges else None
        if payer is not None:
            names = fields | set(procedure.computed)
            yield from _unknown(marks, ("charges", name, "payer"), "field", payer, names)


def _online(service: Service, procedure: Procedure, marks: Marks) -> Iterator[DefinitionProblem]:
    word = procedure.online_payment
    if word is None:
        return
    path: _Path = ("procedures", procedure.name, "online_payment")
    yield from _unknown(marks, (*path, "charge"), "charge", word.charge, charge_names(procedure))
    for role in ("act", "otherwise"):
        name = getattr(word, role)
        if name is None:
            continue
        yield from _unknown(marks, (*path, role), "action", name, procedure.actions)
        if name in procedure.actions:
            yield from _paid_by(service, procedure, procedure.actions[name], marks, (*path, role))
    ways = service.codes.get(service.payments.methods) if service.payments is not None else None
    names = ways.items if ways is not None else {}
    yield from _unknown(marks, (*path, "method"), "code of `payments.methods`", word.method, names)


def _paid_by(
    service: Service, procedure: Procedure, action: Action, marks: Marks, path: _Path
) -> Iterator[DefinitionProblem]:
    roles = [service.roles[name] for name in action.roles if name in service.roles]
    if not any(role.kind == "system" for role in roles):
        yield marks.problem(path, f"`{action.name}` needs a role of kind system among its roles")
    if "amount" not in input_fields(procedure, service, action):
        yield marks.problem(path, f"`{action.name}` needs an input `amount`")
