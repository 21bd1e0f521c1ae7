"""What changes from one edition (版) to the next, in words that an official understands. Pure.

`difference(old, new)` gives one `Change` for each thing that is added, removed or different, in the order of the
definition: parameters (old → new with article and day), codes, forms, procedures (states, computed values, rules,
actions, clocks), registries, documents, notices. Nothing that differs is left out: what has no words of its own
is named by its word in the definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from kiban.kernel.definitions.compiled import CompiledService
from kiban.kernel.definitions.difference_words import WORDS, element_label, said, value_words
from kiban.kernel.definitions.model import Label
from kiban.kernel.definitions.parameters import ParameterCodec
from kiban.kernel.definitions.words import Element, Field, Form, Parameter
from kiban.kernel.wareki import format_wareki

Kind = Literal["added", "removed", "changed"]


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `path` is where it stands in the definition (`parameters.max`), `text` says it, `law` the article."""

    kind: Kind
    path: str
    text: Label
    law: str = ""

    def line(self, language: str = "ja") -> str:
        """The change as one line, with its article."""
        law = self.law and (f" ({self.law})" if language == "en" else f"（{self.law}）")
        return self.text.text(language) + law


def difference(
    old: CompiledService,
    new: CompiledService,
    old_files: Mapping[str, str] | None = None,
    new_files: Mapping[str, str] | None = None,
) -> tuple[Change, ...]:
    """The changes from `old` to `new`; with the texts of both, changed templates of documents as well."""
    return tuple(_changes(old, new, old_files or {}, new_files or {}))


def day_words(day: date) -> Label:
    """A day for officials: 令和9年4月1日, in English 2027-04-01."""
    return Label(ja=format_wareki(day), en=day.isoformat())


def _changes(
    old: CompiledService, new: CompiledService, old_files: Mapping[str, str], new_files: Mapping[str, str]
) -> Iterator[Change]:
    yield from _parameters(old, new)
    whole = set(type(new.service).model_fields)
    later = {
        "parameters",
        "roles",
        "codes",
        "forms",
        "procedures",
        "registries",
        "documents",
        "notices",
        "charges",
        "figures",
        "imports",
        "questions",
    }
    yield from _attributes((), "service", old.service, new.service, whole - later)
    for word in sorted(later - {"parameters"}, key=list(type(new.service).model_fields).index):
        yield from _maps((word,), getattr(old.service, word), getattr(new.service, word), {})
    yield from _templates(new, old_files, new_files)


# -- parameters ----------------------------------------------------------------------------------------------------


def _parameters(old: CompiledService, new: CompiledService) -> Iterator[Change]:
    before, after = old.service.parameters, new.service.parameters
    for name in [*before, *(name for name in after if name not in before)]:
        path = ("parameters", name)
        if name not in after:
            yield _gone(path, before[name])
        elif name not in before:
            codec = new.parameters[name]
            value = _value(codec, new.service.in_force)
            yield Change(
                "added", ".".join(path), said("new_parameter", Label(ja=""), _label(after[name]), value),
                after[name].law,
            )  # fmt: skip
        else:
            yield from _values(old, new, name)
            rest = set(Parameter.model_fields) - {"value", "values"}
            yield from _attributes(path, "parameter", before[name], after[name], rest)


def _values(old: CompiledService, new: CompiledService, name: str) -> Iterator[Change]:
    """National values that differ, from the day on which the new edition (or a dated value of it) holds."""
    one, other = old.parameters[name], new.parameters[name]
    in_force = new.service.in_force
    days = {in_force} | {start for codec in (one, other) for start, _v in codec.national if start > in_force}
    told: tuple[object, object] | None = None
    for day in sorted(days):
        pair = (_shown(one, day), _shown(other, day))
        if pair[0] == pair[1] or pair == told:
            told = pair if pair[0] == pair[1] else told
            continue
        told = pair
        entry = next((e for e in reversed(other.parameter.values) if e.from_ <= day and e.law), None)
        text = said("value", _label(other.parameter), _value(one, day), _value(other, day), day_words(day))
        yield Change("changed", f"parameters.{name}", text, entry.law if entry else other.parameter.law)


def _shown(codec: ParameterCodec, day: date) -> object:
    value = codec.national_value(day)
    return None if value is None else codec.codec.to_json(value)


def _value(codec: ParameterCodec, day: date) -> Label:
    return parameter_words(codec, codec.national_value(day))


def parameter_words(codec: ParameterCodec, value: object) -> Label:
    """A value of a parameter as people read it, with its unit."""
    if value is None:
        return Label(ja="定めなし", en="none")
    unit = codec.parameter.unit if codec.parameter.type in ("integer", "decimal") else ""
    ja, en = codec.codec.display(value, "ja"), codec.codec.display(value, "en")
    return Label(ja=f"{ja}{unit}", en=f"{en} {unit}" if unit else en)


# -- everything else -----------------------------------------------------------------------------------------------


def _maps(
    path: tuple[str, ...],
    old: Mapping[str, Element],
    new: Mapping[str, Element],
    moved: Mapping[str, Element],
) -> Iterator[Change]:
    for name in [*old, *(name for name in new if name not in old)]:
        here = (*path, name)
        if path[-1] == "fields" and name in moved and (name in old) != (name in new):
            if name in new:
                yield from _element(here, moved[name], new[name], moved)
        elif name not in new:
            yield _gone(here, old[name])
        elif name not in old:
            yield _come(here, new[name])
        elif old[name] != new[name]:
            yield from _element(here, old[name], new[name], moved)


def _element(
    path: tuple[str, ...], old: Element, new: Element, moved: Mapping[str, Element]
) -> Iterator[Change]:
    """What differs inside one element: its own words, then the elements inside it."""
    kind = path[-2]
    names = list(type(new).model_fields)
    inside = [name for name in names if _nested(getattr(new, name)) or _nested(getattr(old, name))]
    if isinstance(new, Form) and isinstance(old, Form):
        moved = _moved(old, new)
        yield from _moves(path, moved, new)
    yield from _attributes(path, kind, old, new, set(names) - set(inside))
    for name in inside:
        before, after = getattr(old, name) or {}, getattr(new, name) or {}
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _maps((*path, name), before, after, moved)
        else:
            yield from _maps((*path, name), _keyed(tuple(before)), _keyed(tuple(after)), moved)


def _nested(value: object) -> bool:
    """Elements by name, or a list of elements that have a code (rules, guards)."""
    if isinstance(value, Mapping):
        return any(isinstance(item, Element) for item in value.values())
    many = isinstance(value, tuple) and bool(value)
    return many and all(isinstance(item, Element) and hasattr(item, "code") for item in value)  # type: ignore[attr-defined]


def _keyed(items: Sequence[Element]) -> dict[str, Element]:
    """Rules and guards by code, field and action: what stays the same thing although its condition changes."""
    found: dict[str, Element] = {}
    for item in items:
        parts = [getattr(item, "code", ""), getattr(item, "field", ""), getattr(item, "severity", "")]
        key = "/".join(part for part in parts if part)
        many = sum(1 for known in found if known == key or known.startswith(f"{key}#"))
        found[f"{key}#{many + 1}" if many else key] = item
    return found


def _moved(old: Form, new: Form) -> dict[str, Element]:
    """The fields (as they were) that stand in another section now."""
    places = {name: key for key, section in new.sections.items() for name in section.fields}
    return {
        name: field
        for key, section in old.sections.items()
        for name, field in section.fields.items()
        if places.get(name, key) != key
    }


def _moves(path: tuple[str, ...], moved: Mapping[str, Element], new: Form) -> Iterator[Change]:
    for key, section in new.sections.items():
        for name in section.fields:
            if name in moved:
                here = (*path, "sections", key, "fields", name)
                text = said("moved", _label(section.fields[name], here), section.label)
                yield Change("changed", ".".join(here), text)


def _attributes(
    path: tuple[str, ...], kind: str, old: Element, new: Element, names: set[str]
) -> Iterator[Change]:
    """Words of one element that differ. Of a list of roles or codes, what came and what went."""
    label, law = _label(new, path), str(getattr(new, "law", "") or "")
    for name in type(new).model_fields:
        if name not in names or name in ("name", "kind"):
            continue
        before, after = getattr(old, name), getattr(new, name)
        if before == after:
            continue
        where = ".".join((*path, name))
        if isinstance(new, Field) and name == "required":
            yield Change("changed", where, _required(label, before, after), law)
        elif isinstance(before, Mapping) or isinstance(after, Mapping):
            yield from _words(where, label, name, dict(before or {}), dict(after or {}), law)
        else:
            words = WORDS.get(name) or Label(ja=f"「{name}」の定め", en=name)
            text = said("attribute", label, words, value_words(before), value_words(after))
            yield Change("changed", where, text, law)


def _words(
    where: str, label: Label, name: str, before: Mapping[str, object], after: Mapping[str, object], law: str
) -> Iterator[Change]:
    words = WORDS.get(name) or Label(ja=f"「{name}」の定め", en=name)
    for key in [*before, *(key for key in after if key not in before)]:
        if before.get(key) != after.get(key):
            text = said(
                "attribute", label, Label(ja=f"{words.ja}「{key}」", en=f"{words.text('en')} {key}"),
                value_words(before.get(key)), value_words(after.get(key)),
            )  # fmt: skip
            yield Change("changed", f"{where}.{key}", text, law)


def _required(label: Label, before: str, after: str) -> Label:
    if after == "true":
        return said("now_required", label)
    if after == "false":
        return said("now_optional", label)
    return said("required_when", label, value_words(before), value_words(after))


def _gone(path: tuple[str, ...], element: Element) -> Change:
    return Change("removed", ".".join(path), said("removed", _label(element, path)), _law(element))


def _come(path: tuple[str, ...], element: Element) -> Change:
    how = "added"
    if isinstance(element, Field) and path[-2] == "fields":
        how = "added_required" if element.required == "true" else "added_field"
    text = said(how, _label(element, path))
    message = getattr(element, "message", None)
    if isinstance(message, Label):
        text = said("added_rule", _label(element, path), message)
    return Change("added", ".".join(path), text, _law(element))


def _law(element: Element) -> str:
    return str(getattr(element, "law", "") or "")


def _label(element: Element, path: tuple[str, ...] = ("parameters", "")) -> Label:
    return element_label(element, path)


def _templates(
    new: CompiledService, old_files: Mapping[str, str], new_files: Mapping[str, str]
) -> Iterator[Change]:
    for path in sorted(set(old_files) & set(new_files)):
        if path.endswith(".typ") and old_files[path] != new_files[path]:
            uses = [d for d in new.service.documents.values() if path.endswith(d.template)]
            label = (
                Label(ja=f"交付文書「{uses[0].label.ja}」", en=f"document “{uses[0].label.text('en')}”")
                if uses
                else Label(ja=f"ひな形 {path}", en=f"template {path}")
            )
            yield Change("changed", path, said("template", label))


__all__ = ["Change", "day_words", "difference", "parameter_words"]
