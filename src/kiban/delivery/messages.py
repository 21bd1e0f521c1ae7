"""The e-mails that notices ask for, and what is common to everything that is sent outside."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import uuid5

from django.conf import settings

from kiban.cases.models import Inbox
from kiban.delivery.models import EMAIL, Message, Preference


def now() -> datetime:
    """The time of the world outside: servers of others don't follow a clock that was set here."""
    return datetime.now(UTC)


def mail_available() -> bool:
    """Whether this installation has a mail server (KIBAN_MAIL_HOST)."""
    return bool(settings.EMAIL_HOST)


def kind_of(service: str, notice: str) -> str:
    """The word for a kind of notice in preferences."""
    return f"{service}/{notice}"


def for_notices(partition: str, delivered: Iterable[Inbox]) -> list[Message]:
    """One e-mail for each notice and each owner in the open scope with a confirmed address who has not muted it."""
    delivered = list(delivered)
    if not delivered or not mail_available():
        return []
    wishes = list(Preference.objects.filter(body=partition).exclude(confirmed_at=None))
    moment = now()
    return [
        Message(
            body=partition, id=uuid5(notice.id, f"email/{wish.owner}"), channel=EMAIL, owner=wish.owner,
            kind=kind_of(notice.service, notice.name), about=notice.id, case_id=notice.case_id,
            due_at=moment, created_at=moment,
        )
        for notice in delivered
        for wish in wishes
        if notice.owner in ("", wish.owner) and kind_of(notice.service, notice.name) not in wish.muted
    ]  # fmt: skip
