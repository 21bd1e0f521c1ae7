"""What somebody may see of a case. One answer, asked by pages, API, history, lists, search, files and print alike.

A section says who reads it; a computed value says so itself (`readers`), and one without readers is for everybody
where it has a label, else internal: for the office alone. Who holds a `granted` role sees what a grant names, nothing
else. A value is known by its name wherever it stands: in the case, in what an event changed or set, in rows that
rules looked up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.local import head
from kiban.kernel.facts import Grant

_BY_NAME = ("values", "texts", "marks")


@dataclass(frozen=True, slots=True)
class Sight:
    """Names of the fields, computed values and documents that may be seen, and of those that may not.

    `inside`: looks on behalf of the office, and may know its people by name and what was said in an act.
    `summary`: sees these values and documents by a grant, and nothing else of the case (no history, no notices …).
    """

    fields: frozenset[str]
    computed: frozenset[str]
    documents: frozenset[str]
    hidden: frozenset[str]
    inside: bool
    summary: bool = False

    @property
    def names(self) -> frozenset[str]:
        """Fields and computed values together."""
        return self.fields | self.computed

    def only(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The entries of a mapping by name (or path: `items[2].cost`) that may be seen."""
        names = self.names
        return {name: value for name, value in values.items() if name in names or head(name) in names}

    def names_all(self, names: Iterable[str]) -> bool:
        """Whether all of these may be seen; what is no field or computed value (a parameter …) may."""
        return self.hidden.isdisjoint(names)

    def content(self, said: Mapping[str, Any]) -> dict[str, Any]:
        """What an event says (kiban.cases.content), without what may not be seen. Empty for those outside."""
        if not self.inside:
            return {}
        content = dict(said)
        changes = dict(content.get("changes") or {})
        for part in _BY_NAME:
            if part in changes:
                changes[part] = self.only(changes[part])
        content["changes"] = changes
        content["input"] = self._open(content.get("input") or {})
        content["reasons"] = {
            code: text
            for code, text in (content.get("reasons") or {}).items()
            if head(code.partition("@")[2]) not in self.hidden
        }
        content["problems"] = [
            problem for problem in content.get("problems") or () if head(problem["field"]) not in self.hidden
        ]
        content["effects"] = [
            found for effect in content.get("effects") or () if (found := self._effect(effect))
        ]
        content["lookups"] = {
            name: [self._open(row) for row in rows] for name, rows in (content.get("lookups") or {}).items()
        }
        return content

    def _open(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The entries that do not carry the name of something hidden (an act's own inputs, columns of records)."""
        return {name: value for name, value in values.items() if name not in self.hidden}

    def _effect(self, effect: Mapping[str, Any]) -> dict[str, Any] | None:
        if effect.get("kind") == "document" and effect.get("name") not in self.documents:
            return None
        found = dict(effect)
        if isinstance(found.get("set"), Mapping):
            found["set"] = self._open(found["set"])
        return found


def sight(procedure: CompiledProcedure, roles: Iterable[str]) -> Sight:
    """What the holder of these roles may see of the cases that they reach."""
    held, service = set(roles), procedure.service
    inside = any(service.roles[name].kind != "party" for name in held if name in service.roles)
    sections = service.forms[procedure.procedure.form].sections.values()
    fields = {
        name
        for section in sections
        if section.readers is None or held & set(section.readers)
        for name in section.fields
    }
    computed = {
        name
        for name, word in procedure.procedure.computed.items()
        if (held & set(word.readers) if word.readers is not None else inside or word.label is not None)
    }
    documents = {
        name for name, word in service.documents.items() if word.readers is None or held & set(word.readers)
    }
    return _made(procedure, fields, computed, documents, inside=inside)


def granted(procedure: CompiledProcedure, grant: Grant) -> Sight:
    """What a grant shows of a case."""
    names, computed = set(grant.fields), procedure.procedure.computed.keys()
    return _made(
        procedure, names - computed, names & computed, grant.documents, inside=False, summary=True
    )  # fmt: skip


def _made(
    procedure: CompiledProcedure,
    fields: Iterable[str],
    computed: Iterable[str],
    documents: Iterable[str],
    *,
    inside: bool,
    summary: bool = False,
) -> Sight:
    seen = frozenset(fields), frozenset(computed)
    every = procedure.fields.keys() | procedure.procedure.computed.keys()
    return Sight(*seen, frozenset(documents), frozenset(every) - seen[0] - seen[1], inside, summary)
