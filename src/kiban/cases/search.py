"""Finding cases by the fields that an edition declares searchable, and by their 受付番号."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, QuerySet

from kiban.cases.models import Case, CaseValue
from kiban.cases.numbers import as_typed
from kiban.kernel.definitions.compile import CompiledService

_LONGEST = 100
_MOST = 2000


def matching(
    rows: QuerySet[Case], compiled: CompiledService, body: str, text: str, hidden: Collection[str]
) -> QuerySet[Case]:
    """The cases among `rows` that a typed text means: a number, an exact code, or a part of a name.

    The fields `hidden` are not looked at: who may not see a value can't find by it either.
    The ids are found first, each by its own index (a disjunction would read every case of the body); beyond the
    first 2,000 matches the text says too little to be a search.
    """
    text = text.strip()[:_LONGEST]
    ids = Case.objects.filter(body=body, number=as_typed(text)).values_list("id")
    every = [ids]
    for field, keys in _keys(compiled, text, hidden).items():
        values = CaseValue.objects.filter(
            body=body, service=compiled.service.slug, field=field, value__in=keys
        ).values_list("case_id")
        every.append(values.annotate(hits=Count("value")).filter(hits=len(keys)).values_list("case_id"))
    found = every[0].union(*every[1:])[:_MOST]
    return rows.filter(id__in=[case_id for (case_id,) in found])


def _keys(compiled: CompiledService, text: str, hidden: Collection[str]) -> dict[str, list[str]]:
    """What to look for in each searchable field: the keys under which it would be found if it held the text."""
    found: dict[str, list[str]] = {}
    for procedure in compiled.procedures.values():
        for name, codec in [*procedure.codecs.fields.items(), *procedure.codecs.computed.items()]:
            if codec.field.search == "none" or name in found or name in hidden:
                continue
            keys = list(dict.fromkeys(codec.search_keys(text)))
            if keys:
                found[name] = keys
    return found
