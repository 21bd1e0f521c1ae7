"""What has changed for somebody who began to fill in a form on an earlier day: told beside the open draft.

A draft goes on under the edition in force when it is submitted; whoever typed it is told what is different now:
fields and rules of the procedure, and the values of parameters as they hold for the body.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from functools import lru_cache

from kiban.definitions import editions, local, parameters
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.definitions.difference import difference, parameter_words
from kiban.kernel.definitions.model import Label


def since(
    edition_then: str, began: datetime, edition_now: str, now: date, body: str, procedure: str
) -> tuple[Label, ...]:
    """What is different for an applicant in `body` since they began; one sentence each, nothing where nothing changed.

    `began` is an instant, `now` a civil date of Asia/Tokyo.
    """
    then = today_in_tokyo(began)
    return (
        *_values(edition_then, then, edition_now, now, body),
        *_form_and_rules(edition_then, edition_now, procedure),
        *_own_fields(edition_now, began, now, body, procedure),
    )


def _own_fields(edition: str, began: datetime, now: date, body: str, procedure: str) -> Iterator[Label]:
    """Fields that the body asks now and did not ask then, and the other way round."""
    service = editions.get(edition).service
    word = service.procedures.get(procedure)
    if word is None:
        return
    rows = [row for row in local.in_force(service.slug, body, now) if row.form == word.form]
    before = [
        row
        for row in local.in_force(service.slug, body, today_in_tokyo(began))
        if row.form == word.form and row.set_at <= began
    ]
    for one, other, ja, en in ((rows, before, "新しく尋ねる項目", "is asked now"),
                               (before, rows, "尋ねなくなった項目", "is asked no more")):  # fmt: skip
        known = {row.name for row in other}
        for row in one:
            if row.name not in known:
                label = local.as_field(row).field.label
                yield Label(ja=f"{ja}:「{label.ja}」", en=f"“{label.text('en')}” {en}")


def _values(edition_then: str, then: date, edition_now: str, now: date, body: str) -> Iterator[Label]:
    try:
        old, new = editions.get(edition_then), editions.get(edition_now)
    except editions.UnknownService:
        return
    before, after = parameters.resolve(old, body, then), parameters.resolve(new, body, now)
    for name, codec in new.parameters.items():
        if name not in before or before[name] == after[name]:
            continue
        one = parameter_words(old.parameters[name], before[name])
        other = parameter_words(codec, after[name])
        label = codec.parameter.label
        yield Label(
            ja=f"「{label.ja}」: {one.ja} → {other.ja}",
            en=f"{label.text('en')}: {one.text('en')} → {other.text('en')}",
        )


@lru_cache(maxsize=256)
def _form_and_rules(edition_then: str, edition_now: str, procedure: str) -> tuple[Label, ...]:
    if edition_then == edition_now:
        return ()
    try:
        old, new = editions.get(edition_then), editions.get(edition_now)
    except editions.UnknownService:
        return ()
    word = new.service.procedures.get(procedure)
    if word is None:
        return ()
    found = [
        change.text
        for change in difference(old, new)
        if change.path.startswith(f"forms.{word.form}.sections.")
    ]
    before = old.service.procedures.get(procedure)
    known = {rule.message for rule in before.rules} if before is not None else set()
    rules = {
        rule.message: None
        for rule in word.rules
        if rule.severity == "error" and rule.message not in known and "{" not in rule.message.ja
    }
    return (*found, *rules)
