"""Drafts: what somebody is typing, kept as typed, with an optimistic version. All functions run in an open scope.

A party's drafts live in its own partition (`user.partition`), staff drafts in their body's. A draft is deleted by
the act that submits it (`door.act(…, draft=id)`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from kiban.access.scope import current
from kiban.cases.models import Draft
from kiban.ops import clock


class DraftMoved(RuntimeError):
    """The draft was saved elsewhere in the meantime; `draft` is the newer one."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        super().__init__("the draft has a newer version")


def create(
    owner: str, target: str, service: str, procedure: str, action: str, edition: str, *,
    data: Mapping[str, Any] | None = None, case_id: UUID | str | None = None, step: str = "",
) -> Draft:  # fmt: skip
    """A new draft of an act in the body `target` (or on its case)."""
    now = clock.now()
    return Draft.objects.create(
        body=current().body, id=uuid7(), owner=owner, target=target, service=service, procedure=procedure,
        action=action, edition=edition, data=dict(data or {}), case_id=case_id, step=step, created_at=now,
        updated_at=now,
    )  # fmt: skip


def get(draft_id: UUID | str, owner: str) -> Draft | None:
    """The owner's draft, else None."""
    try:
        wanted = UUID(str(draft_id))
    except ValueError:
        return None
    return Draft.objects.filter(body=current().body, id=wanted, owner=owner).first()


def of(owner: str, *, service: str | None = None) -> list[Draft]:
    """The owner's drafts, last touched first."""
    rows = Draft.objects.filter(body=current().body, owner=owner)
    if service is not None:
        rows = rows.filter(service=service)
    return list(rows.order_by("-updated_at"))


def save(draft: Draft, data: Mapping[str, Any], *, step: str | None = None) -> Draft:
    """Keeps what was typed (text without NUL or lone surrogates). Raises DraftMoved when a newer version stands."""
    changed = Draft.objects.filter(
        body=draft.body, id=draft.id, owner=draft.owner, version=draft.version
    ).update(
        data=dict(data), step=draft.step if step is None else step, version=draft.version + 1,
        updated_at=clock.now(),
    )  # fmt: skip
    fresh = get(draft.id, draft.owner)
    if fresh is None:
        raise LookupError("the draft is gone")
    if not changed:
        raise DraftMoved(fresh)
    return fresh


def delete(draft_id: UUID | str, owner: str) -> None:
    """Throws a draft away."""
    found = get(draft_id, owner)
    if found is not None:
        Draft.objects.filter(body=found.body, id=found.id, owner=owner).delete()
