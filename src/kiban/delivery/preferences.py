"""How somebody wants to hear of notices. An address counts once its link was opened and the button pressed.

All functions work in the open scope of the partition: a party's own, or the body in which one of the staff works.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID, uuid5

from uuid_utils.compat import uuid7

from kiban.access.scope import current, scope
from kiban.delivery import mail
from kiban.delivery.messages import now
from kiban.delivery.models import EMAIL, Message, Preference

_LINKS_A_DAY = 5
_NOTHING = UUID(int=0)


class TooManyLinks(RuntimeError):
    """So many links were asked for today that no more are sent."""


def of(owner: str) -> Preference:
    """The wishes of an owner; those of nobody yet are empty and not stored."""
    body = current().body
    found = Preference.objects.filter(body=body, owner=owner).first()
    return found or Preference(body=body, owner=owner, updated_at=now())


def ask_for(owner: str, email: str, language: str) -> None:
    """Sends a link to a new address. Raises ValueError (not an address), TooManyLinks."""
    wish, moment, email = of(owner), now(), mail.address(email)
    if wish.confirmed_at and email == wish.email:
        return
    since = moment - timedelta(days=1)
    asked = Message.objects.filter(
        body=wish.body, owner=owner, channel=EMAIL, kind=mail.CONFIRMATION, created_at__gt=since
    )
    if asked.count() >= _LINKS_A_DAY:
        raise TooManyLinks
    wish.pending, wish.pending_at, wish.language, wish.updated_at = email, moment, language, moment
    wish.save()
    Message.objects.create(
        body=wish.body, id=uuid5(_NOTHING, str(uuid7())), channel=EMAIL, owner=owner, kind=mail.CONFIRMATION,
        content={"address": mail.fingerprint(email)}, due_at=moment, created_at=moment,
    )  # fmt: skip


def choose(owner: str, muted: Iterable[str], language: str) -> None:
    """Which kinds of notices come by e-mail, and in which language."""
    wish = of(owner)
    wish.muted, wish.language, wish.updated_at = sorted(set(muted)), language, now()
    wish.save()


def remove(owner: str) -> None:
    """No e-mails any more; the address is forgotten."""
    Preference.objects.filter(body=current().body, owner=owner).update(
        email="", confirmed_at=None, pending="", pending_at=None, updated_at=now()
    )


def asked_by(token: str) -> tuple[str, str] | None:
    """(partition, owner) of a link that can still be confirmed, else None. Opens its own scope."""
    return _held(token, take=False)


def confirm(token: str) -> bool:
    """The button behind the link was pressed; False when the link holds no more. Opens its own scope."""
    return _held(token, take=True) is not None


def _held(token: str, *, take: bool) -> tuple[str, str] | None:
    said = mail.read_token(token)
    if said is None:
        return None
    body, owner, fingerprint = said
    with scope(body, viewer=owner):
        wish = Preference.objects.filter(body=body, owner=owner).first()
        if wish is None or not wish.pending or mail.fingerprint(wish.pending) != fingerprint:
            return None
        if take:
            wish.email, wish.confirmed_at, wish.pending, wish.pending_at = wish.pending, now(), "", None
            wish.updated_at = now()
            wish.save()
    return body, owner
