"""The names that the expressions of a service may use, with their types."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from kiban.kernel.definitions.model import Action, CodeItem, Field, Label, Parameter, Procedure, Service
from kiban.kernel.expr import BOOL, DATE, DATETIME, INT, NUMBER, TEXT, Code, List, Nullable, Row, Type
from kiban.kernel.values import Codec, codec

RESERVED = frozenset({
    "param", "lookup", "case", "input", "actor", "body", "parent", "clock", "charge", "today", "now", "calendar",
    "item", "row", "before", "local",
})  # fmt: skip


def input_fields(procedure: Procedure, service: Service, action: Action) -> dict[str, Field]:
    """Every field that an action takes: those of its sections, single ones, and its own."""
    form = service.forms[procedure.form]
    found: dict[str, Field] = {}
    for ref in action.input:
        section, _, name = ref.partition(".")
        if section in form.sections:
            fields = form.sections[section].fields
            found.update({name: fields[name]} if name in fields else {} if name else fields)
    found.update({name: _of_form(field, procedure, service) for name, field in action.fields.items()})
    return found


def _of_form(field: Field, procedure: Procedure, service: Service) -> Field:
    """A field whose choices are the fields of the form (`options_from: form`) with those choices."""
    parts = {name: _of_form(part, procedure, service) for name, part in field.fields.items()}
    if field.options_from is None:
        return field if parts == field.fields else field.model_copy(update={"fields": parts})
    options = {
        name: CodeItem(name=name, label=item.label) for name, item in _asked_again(procedure, service).items()
    }
    return field.model_copy(update={"options": options})


def _asked_again(procedure: Procedure, service: Service) -> dict[str, Field]:
    """The fields of the form that are filled in again after it was sent back; all of them where no action says so."""
    form, actions = service.forms[procedure.form], procedure.actions.values()
    back = {target.state for action in actions if action.correction for target in action.to}
    again = [action for action in actions if back & set(action.from_)]
    sections = {ref.partition(".")[0] for action in again for ref in action.input} or set(form.sections)
    return {
        name: field
        for section in form.sections.values()
        if section.name in sections
        for name, field in section.fields.items()
    }


def parameter_type(parameter: Parameter, service: Service) -> Type:
    """The type of a parameter in expressions."""
    name, codes = _parameter_codes(parameter, service)
    kinds: dict[str, Type] = {
        "integer": INT, "money": INT, "decimal": NUMBER, "yes_no": BOOL, "text": TEXT, "date": DATE,
        "choice": Code(name, codes), "subset": List(Code(name, codes), max_items=200),
    }  # fmt: skip
    kind = kinds[parameter.type]
    return Nullable(kind) if parameter.nullable else kind


def _parameter_codes(parameter: Parameter, service: Service) -> tuple[str, frozenset[str] | None]:
    if parameter.options is not None:
        return parameter.name, frozenset(parameter.options)
    if parameter.codes is not None and parameter.codes in service.codes:
        return parameter.codes, frozenset(service.codes[parameter.codes].items)
    return parameter.name, None


def charge_names(procedure: Procedure) -> list[str]:
    """Every charge that the procedure's actions raise or settle, in order of first mention."""
    names: dict[str, None] = {}
    for action in procedure.actions.values():
        for effect in action.effects:
            if effect.kind == "charge":
                names.setdefault(effect.charge)
    return list(names)


@dataclass(frozen=True)
class Codecs:
    """The codecs of a procedure's fields and of its typed computed values."""

    fields: Mapping[str, Codec]
    computed: Mapping[str, Codec]
    inputs: Mapping[str, Mapping[str, Codec]]

    @cached_property
    def get(self) -> Callable[[str], Codec | None]:
        """The codec of a field or a computed value by its name."""
        return {**self.computed, **self.fields}.get

    @cached_property
    def sought(self) -> Mapping[str, Codec]:
        """The codecs of the values by which a case can be searched for."""
        known = {**self.computed, **self.fields}
        return {name: codec for name, codec in known.items() if codec.field.search != "none"}

    @cached_property
    def personal(self) -> Mapping[str, frozenset[str]]:
        """By action: the names of what it may hold that is about a person; under "" those of the form alone."""
        own = _named(self.fields, _is_personal)
        found = {action: own | _named(codecs, _is_personal) for action, codecs in self.inputs.items()}
        return {**found, "": own}

    @cached_property
    def secret(self) -> frozenset[str]:
        """The names of fields whose values stand sealed in the events alone."""
        return _named(self.fields, lambda codec: codec.field.secret)

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of fields and inputs whose values hold files."""
        found = _named({**self.computed, **self.fields}, lambda codec: holds_files(codec.field))
        return found.union(*(_named(c, lambda codec: holds_files(codec.field)) for c in self.inputs.values()))


def _is_personal(codec: Codec) -> bool:
    return codec.field.personal or codec.field.secret


def _named(codecs: Mapping[str, Codec], test: Callable[[Codec], bool]) -> frozenset[str]:
    return frozenset(name for name, codec in codecs.items() if test(codec))


def holds_files(field: Field) -> bool:
    """Whether a value of this field names files, by itself or in its rows."""
    return field.type == "file" or any(map(holds_files, field.fields.values()))


def codecs_of(service: Service, procedure: Procedure) -> Codecs:
    """Builds every codec of a procedure once."""
    form = service.forms[procedure.form]
    fields = {
        name: codec(field, service.codes)
        for section in form.sections.values()
        for name, field in section.fields.items()
    }
    computed = {
        name: codec(
            Field(
                name=name,
                label=item.label or Label(ja=name),
                type=item.type,
                codes=item.codes,
                search=item.search,
            ),
            service.codes,
        )
        for name, item in procedure.computed.items()
        if item.type is not None
    }
    inputs = {
        action.name: {
            name: fields.get(name)
            if name in fields and name not in action.fields
            else codec(field, service.codes)
            for name, field in input_fields(procedure, service, action).items()
        }
        for action in procedure.actions.values()
    }
    return Codecs(fields, computed, inputs)  # type: ignore[arg-type]


def base_names(service: Service, procedure: Procedure, codecs: Codecs) -> dict[str, Type]:
    """Names seen by every expression of the procedure, but for computed values that have no declared type."""
    names: dict[str, Type] = {name: item.expr_type for name, item in codecs.fields.items()}
    names.update({name: item.expr_type for name, item in codecs.computed.items()})
    names["param"] = Row({name: parameter_type(item, service) for name, item in service.parameters.items()})
    names["case"] = Row({
        "state": Code("state", frozenset(procedure.states)), "number": TEXT, "opened_on": DATE, "id": TEXT,
    })  # fmt: skip
    names["actor"] = Row({
        "id": TEXT, "kind": Code("actor_kind", frozenset({"party", "staff", "machine", "system"})),
        "roles": List(Code("role", frozenset(service.roles)), max_items=20), "department": TEXT,
    })  # fmt: skip
    names["body"] = Row({
        "code": TEXT, "name": TEXT, "kind": TEXT, "prefecture": TEXT, "wards": List(TEXT, max_items=30),
    })  # fmt: skip
    names["clock"] = Row(dict.fromkeys(procedure.clocks, DATE))
    charge = Row({"due": INT, "paid": INT, "balance": INT})
    names["charge"] = Row(dict.fromkeys(charge_names(procedure), charge))
    names["today"], names["now"] = DATE, DATETIME
    names["before"] = Row({n: item.expr_type for n, item in {**codecs.fields, **codecs.computed}.items()})
    return names


def record_row(service: Service, registry: str) -> Row:
    """A row of a registry in expressions: its fields and its `key`."""
    fields = service.registries[registry].fields if registry in service.registries else {}
    types: dict[str, Type] = {name: codec(field, service.codes).expr_type for name, field in fields.items()}
    return Row({"key": TEXT, **types})


def lookup_type(service: Service, procedure: Procedure) -> Row:
    return Row({
        name: List(record_row(service, item.registry), max_items=item.max_items)
        for name, item in procedure.lookups.items()
    })  # fmt: skip


def input_type(codecs: Codecs, actions: Iterable[str]) -> Row:
    """The inputs of one or several actions as one row (an absent one is unanswered)."""
    types: dict[str, Type] = {}
    for action in actions:
        types.update({name: item.expr_type for name, item in codecs.inputs.get(action, {}).items()})
    return Row(types)
