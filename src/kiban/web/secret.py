"""A secret value on a page: covered until somebody who may see it asks for it by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest

from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.queries import CaseView
from kiban.kernel.sight import Sight


def asked(request: HttpRequest, found: CaseView, seen: Sight, viewer: str) -> Mapping[str, Any]:
    """The value that the address asks for (`?secret=<field>`), where it may be seen; who looked is written down."""
    name, codecs = request.GET.get("secret", ""), found.procedure.codecs
    if name not in seen.fields or name not in codecs.secret:
        return {}
    with scope(found.row.body, viewer=viewer):
        stored = queries.secret_values(found).get(name)
        queries.log_access("secret", found.row.id)
    return {} if stored is None else {name: codecs.fields[name].from_json(stored)}
