"""Publishing an edition: a folder's texts become one immutable row, named by their hash.

`publish_folder` may be repeated: the same texts are the same edition. A definition with problems is refused
whole (`DefinitionErrors`, each problem with file:line).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from kiban.access import reference
from kiban.definitions.models import Edition
from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.loader import read_folder, read_texts
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
