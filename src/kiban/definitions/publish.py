"""Publishing an edition: a folder's texts become one immutable row, named by their hash.

`publish_folder` may be repeated: the same texts are the same edition. A definition with problems is refused
whole (`DefinitionErrors`, each problem with file:line). Nothing is restarted: processes see the new row within a
second (`kiban.access.reference`); cases in flight keep the edition under which they were opened.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from kiban.access import reference
from kiban.definitions import editions
from kiban.definitions.models import Edition
from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.difference import Change, difference
from kiban.kernel.definitions.loader import DefinitionErrors, DefinitionProblem, read_folder, read_texts
from kiban.ops import clock


def publish_folder(folder: Path | str, *, by: str = "system") -> Edition:
    """Publishes the service folder and returns its edition. Raises DefinitionErrors."""
    return publish_texts(read_folder(Path(folder)), by=by)


def publish_texts(files: Mapping[str, str], *, by: str = "system") -> Edition:
    """Publishes an edition from its texts (path inside the folder → text). Raises DefinitionErrors."""
    service = compile_service(read_texts(files)).service
    edition, _new = Edition.objects.get_or_create(
        id=edition_id(files),
        defaults={
            "service": service.slug,
            "in_force": service.in_force,
            "files": dict(files),
            "published_at": clock.now(),
            "published_by": by,
        },
    )
    reference.forget()
    return edition


def edition_id(files: Mapping[str, str]) -> str:
    """SHA-256 (hex) over the canonical texts: names in order, each with its text."""
    canonical = json.dumps(dict(files), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def with_day(files: Mapping[str, str], in_force: date) -> dict[str, str]:
    """The texts with another day of entry into force, and nothing else changed. Raises DefinitionErrors."""
    pattern = re.compile(r"^in_force:[ \t]*[^\s#]+", re.MULTILINE)
    found = {path: pattern.sub(f"in_force: {in_force}", text) if path.endswith((".yaml", ".yml")) else text
             for path, text in files.items()}  # fmt: skip
    if read_texts(found).service.in_force != in_force:
        problem = DefinitionProblem(
            "service.yaml", 1, 1, "in_force", "write it on a line of its own: in_force: DATE"
        )
        raise DefinitionErrors([problem])
    return found


def changes(files: Mapping[str, str]) -> tuple[str | None, tuple[Change, ...]]:
    """The edition that these texts would follow (None: none) and what differs from it. Raises DefinitionErrors."""
    new = compile_service(read_texts(files))
    before = editions.before(new.service.slug, new.service.in_force, edition_id(files))
    if before is None:
        return None, ()
    return before, difference(editions.get(before), new, editions.files(before), files)
