"""Webhooks: events of a service in a body, as CloudEvents 1.0 (structured JSON), signed after Standard Webhooks.

An event says which case moved, never what stands in it: the receiver asks the API with its own rights. Each call
carries `webhook-id` (the same at every attempt), `webhook-timestamp` and `webhook-signature`, an HMAC-SHA256 over
`id.timestamp.content` under the secret of the subscription; for a day after a change of the secret also under the
one before it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import orjson
from django.conf import settings
from uuid_utils.compat import uuid7

from kiban.access.scope import current
from kiban.cases import sealing
from kiban.cases.models import Case, Event
from kiban.delivery import pinned
from kiban.delivery.messages import now
from kiban.delivery.models import DEAD, WAITING, WEBHOOK, Message, Subscription
from kiban.documents.models import Document

OPENED, CHANGED, ISSUED, PING = (
    "kiban.case.opened",
    "kiban.case.changed",
    "kiban.document.issued",
    "kiban.ping",
)
TYPES = (OPENED, CHANGED, ISSUED)
MOST = 20  # subscriptions of one service in one body
_EVENTS = UUID("5c3f0d0e-6a3e-5a3c-9a55-0f6f4a0f7b11")
_OVERLAP = timedelta(days=1)


def messages_for(
    subscriptions: Iterable[Subscription],
    case: Case,
    event: Event,
    documents: Iterable[Document],
    at: datetime,
) -> list[Message]:
    """The calls that an act causes."""
    mine = [s for s in subscriptions if s.service == case.service]
    if not mine:
        return []
    said = [(OPENED if event.seq == 1 else CHANGED, _case_event(case, event))]
    said += [(ISSUED, _document_event(case, event, document)) for document in documents]
    return [_message(s, kind, content, case.id) for s in mine for kind, content in said if kind in s.types]


def ping(subscription: Subscription) -> Message:
    """A call that only tries the way, in the open scope."""
    content = _envelope(subscription.body, uuid7(), PING, "", now(), {"service": subscription.service})
    message = _message(subscription, PING, content, None)
    message.save(force_insert=True)
    return message


def create(service: str, label: str, url: str, types: Iterable[str], by: str) -> tuple[Subscription, str]:
    """A new subscription in the open scope, and its secret, which is not shown again. Raises pinned.Refused."""
    pinned.checked(url)
    body, identity, moment, secret = current().body, uuid7(), now(), new_secret()
    made = Subscription.objects.create(
        body=body, id=identity, service=service, label=label, url=url, types=sorted(set(types)),
        secret=_sealed(secret, body, identity), created_by=by, created_at=moment, updated_at=moment,
    )  # fmt: skip
    return made, secret


def rotate(subscription: Subscription) -> str:
    """A new secret; the one before signs beside it for a day."""
    secret, moment = new_secret(), now()
    subscription.previous, subscription.previous_until = subscription.secret, moment + _OVERLAP
    subscription.secret = _sealed(secret, subscription.body, subscription.id)
    subscription.updated_at = moment
    subscription.save(update_fields=["previous", "previous_until", "secret", "updated_at"])
    return secret


def resume(subscription: Subscription) -> int:
    """Calls again what was given up, with the ids that it had; how many. In the open scope."""
    Subscription.objects.filter(body=subscription.body, id=subscription.id).update(
        active=True, stopped="", updated_at=now()
    )
    return again(subscription.body, owner=str(subscription.id))


def again(body: str, *, owner: str, message: UUID | None = None) -> int:
    """Puts dead messages of a receiver back into the queue, in the open scope; how many."""
    rows = Message.objects.filter(body=body, owner=owner, state=DEAD)
    if message is not None:
        rows = rows.filter(id=message)
    return rows.update(state=WAITING, attempts=0, due_at=now(), leased_until=None, problem="", done_at=None)


def new_secret() -> str:
    """`whsec_` and 32 random bytes in base 64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, identity: str, timestamp: int, content: bytes) -> str:
    """`v1,` and the HMAC-SHA256 in base 64 (Standard Webhooks)."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{identity}.{timestamp}.".encode() + content
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def call(subscription: Subscription, message: Message) -> pinned.Answer:
    """One attempt. Raises pinned.Refused and pinned.NotReached."""
    content = orjson.dumps(message.content)
    moment = now()
    stamp = int(moment.timestamp())
    signatures = [sign(_open(subscription.secret, subscription), str(message.id), stamp, content)]
    if subscription.previous and subscription.previous_until and subscription.previous_until > moment:
        signatures.append(sign(_open(subscription.previous, subscription), str(message.id), stamp, content))
    return pinned.post(
        subscription.url,
        content,
        {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "User-Agent": "kiban-webhooks/1",
            "webhook-id": str(message.id),
            "webhook-timestamp": str(stamp),
            "webhook-signature": " ".join(signatures),
        },
    )


def _message(subscription: Subscription, kind: str, content: dict[str, Any], case: UUID | None) -> Message:
    moment = now()
    return Message(
        body=subscription.body, id=uuid5(UUID(content["id"]), str(subscription.id)), channel=WEBHOOK,
        owner=str(subscription.id), kind=kind, about=UUID(content["id"]), case_id=case, content=content,
        due_at=moment, created_at=moment,
    )  # fmt: skip


def _case_event(case: Case, event: Event) -> dict[str, Any]:
    kind = OPENED if event.seq == 1 else CHANGED
    data = {
        "body": case.body, "service": case.service, "procedure": case.procedure, "case": str(case.id),
        "number": case.number, "act": event.act, "seq": event.seq, "edition": event.edition,
        "href": _href(case),
    }  # fmt: skip
    identity = uuid5(_EVENTS, f"{case.body}/{case.id}/{event.seq}")
    return _envelope(case.body, identity, kind, f"cases/{case.id}", event.at, data)


def _document_event(case: Case, event: Event, document: Document) -> dict[str, Any]:
    data = {
        "body": case.body, "service": case.service, "procedure": case.procedure, "case": str(case.id),
        "seq": event.seq, "document": str(document.id), "name": document.name, "number": document.number,
        "href": f"{_href(case)}/documents/{document.id}",
    }  # fmt: skip
    return _envelope(case.body, document.id, ISSUED, f"cases/{case.id}", event.at, data)


def _href(case: Case) -> str:
    return f"{settings.BASE_URL}/api/v1/bodies/{case.body}/cases/{case.id}"


def _envelope(
    body: str, identity: UUID, kind: str, subject: str, at: datetime, data: dict[str, Any]
) -> dict[str, Any]:
    found = {
        "specversion": "1.0", "id": str(identity), "source": f"{settings.BASE_URL}/api/v1/bodies/{body}",
        "type": kind, "time": at.isoformat(), "datacontenttype": "application/json", "data": data,
    }  # fmt: skip
    return {**found, "subject": subject} if subject else found


def _sealed(secret: str, body: str, identity: UUID) -> dict[str, str]:
    key_id, nonce, sealed = sealing.seal(secret.encode(), _place(body, identity))
    return {"key": key_id, "nonce": nonce.hex(), "sealed": sealed.hex()}


def _open(kept: dict[str, str], subscription: Subscription) -> str:
    place = _place(subscription.body, subscription.id)
    return sealing.unseal(
        kept["key"], bytes.fromhex(kept["nonce"]), bytes.fromhex(kept["sealed"]), place
    ).decode()


def _place(body: str, identity: UUID) -> str:
    return f"webhook/{body}/{identity}"
