"""Which user a proof of an identity provider is: by issuer and subject alone, once they are linked.

A person or a business is entered at the first sign-in, with a partition of their own. Staff are entered by their body
beforehand; they are linked at the first sign-in by the claim that the provider's `username_claim` names, or with a
one-time link. What staff may do is what their body has granted: a provider grants nothing.
"""

from __future__ import annotations

import logging
from uuid import UUID, uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from kiban.access import passwords
from kiban.access.identity.openid import Proof
from kiban.access.identity.providers import Provider
from kiban.access.identity.refusals import Disabled, Refused, Unknown
from kiban.access.models import Identity, RoleGrant, User

_log = logging.getLogger("kiban.identity")


def user_of(provider: Provider, proof: Proof, link: tuple[str, str] | None = None) -> User:
    """The active user of a proof; `link` is the (user, token) of a one-time link that was opened before.

    Raises Unknown for staff whom nobody has entered, Disabled, and Refused where the link does not hold.
    """
    try:
        with transaction.atomic():
            user = _linked(provider, proof) or _new(provider, proof, link)
    except IntegrityError:  # the same person, twice at the same moment
        found = _linked(provider, proof)
        if found is None:
            raise
        user = found
    if not user.is_active:
        raise Disabled
    return user


def _linked(provider: Provider, proof: Proof) -> User | None:
    row = Identity.objects.select_related("user").filter(issuer=proof.issuer, subject=proof.subject).first()
    if row is None:
        return None
    if (row.user.kind == "staff") != (provider.kind == "staff"):
        raise Refused("kind")
    row.last_used_at = timezone.now()
    row.save(update_fields=["last_used_at"])
    name = _name(provider, proof)
    if row.user.kind == "party" and name and name != row.user.display_name:
        row.user.display_name = name  # a person's name changes; staff are called what their body says
        row.user.save(update_fields=["display_name"])
    return row.user  # type: ignore[no-any-return]


def _new(provider: Provider, proof: Proof, link: tuple[str, str] | None) -> User:
    if provider.kind == "staff":
        user = _invited(provider, link) if link else _entered(provider, proof)
    else:
        party = uuid4()
        user = User.objects.create_user(
            f"{provider.name}-{party}", kind="party", party=party,
            display_name=_name(provider, proof) or provider.label.text(),
        )  # fmt: skip
    Identity.objects.create(user=user, issuer=proof.issuer, subject=proof.subject)
    _log.info("identity linked", extra={"provider": provider.name, "user": str(user.id)})
    return user


def _entered(provider: Provider, proof: Proof) -> User:
    """Somebody whom the body has entered and who has never signed in another way.

    A body's provider speaks for its own people only: nobody who holds anything elsewhere is recognised by it.
    """
    account = proof.text(provider.username_claim) if provider.username_claim else ""
    user = (
        User.objects.select_for_update().filter(username=account, kind="staff").first() if account else None
    )
    if user is None or user.has_usable_password() or Identity.objects.filter(user=user).exists():
        raise Unknown(account)
    if set(RoleGrant.objects.filter(user=user).values_list("body", flat=True)) != {provider.body}:
        raise Unknown(account)
    return user


def _invited(provider: Provider, link: tuple[str, str]) -> User:
    """The person of a one-time link that still holds, where they have a role at the provider's body."""
    user = passwords.user_of_link(UUID(link[0]), link[1])
    if user is None or user.kind != "staff":
        raise Refused("link")
    if not RoleGrant.objects.filter(user=user, body=provider.body).exists():
        raise Refused("link")
    return user


def _name(provider: Provider, proof: Proof) -> str:
    return proof.text(provider.name_claim)
