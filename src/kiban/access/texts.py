"""What a body adds in its own words to the pages on personal data, accessibility, terms and contact.

The last setting of a text is the text: settings are append-only and say who wrote it and why.
"""

from __future__ import annotations

from kiban.access import changes
from kiban.access.changes import SettingRefused
from kiban.access.models import SettingChange, User
from kiban.access.scope import scope
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import Problem

NAMES = ("privacy", "accessibility", "terms", "contact")
KIND = "page_text"
LONGEST = 4_000


def of(body: str) -> dict[str, Label]:
    """The texts that the body has set, by the name of the page; empty ones are left out. Opens its own scope."""
    with scope(body):
        rows = (
            SettingChange.objects.filter(body=body, kind=KIND)
            .order_by("at", "id")
            .values_list("name", "after")
        )
        return {
            name: Label(**said) for name, said in dict(rows).items() if name in NAMES and said and said["ja"]
        }


def set_text(body: str, name: str, ja: object, en: object, user: User, why: object = "") -> None:
    """The body says its own words; empty ones take them away. Raises SettingRefused, LookupError for no such page."""
    if name not in NAMES:
        raise LookupError(name)
    said = {"ja": changes.text("ja", ja, most=LONGEST), "en": changes.text("en", en, most=LONGEST)}
    if said["en"] and not said["ja"]:
        message = Label(ja="日本語の文章も入力してください。", en="Please write the Japanese text as well.")
        raise SettingRefused(Problem("ja", "required", message))
    known = of(body).get(name)
    before = known.model_dump() if known is not None else None
    if before == said or (before is None and not said["ja"]):
        return
    with changes.setting(body, user):
        changes.note(KIND, name, user, before=before, after=said, why=changes.text("why", why))


__all__ = ["KIND", "NAMES", "of", "set_text"]
