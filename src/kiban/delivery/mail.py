"""E-mails in the receiver's language, as text and as HTML: that something awaits, never what stands in a case."""

from __future__ import annotations

import hashlib
import re
import smtplib
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import EmailValidator
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kiban.access import bodies
from kiban.cases.models import Inbox
from kiban.delivery.models import Message, Preference

CONFIRMATION = "confirmation"
LINK_HOLDS = timedelta(days=3)
_SALT = "kiban.delivery.address"
_LONGEST = 254
_LINES = re.compile(r"[\r\n]+")


class Rejected(RuntimeError):
    """The mail server did not take it; `final`: it will not take it later either."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.final = reason, final


def address(text: str) -> str:
    """The e-mail address as typed, without spaces around it. Raises ValueError."""
    found = text.strip()
    try:
        EmailValidator()(found)
    except ValidationError:
        raise ValueError("not an e-mail address") from None
    if len(found) > _LONGEST or not found.isascii():
        raise ValueError("not an e-mail address")
    return found


def fingerprint(email: str) -> str:
    """What a message says of an address without naming it."""
    return hashlib.sha256(email.lower().encode()).hexdigest()[:32]


def token(wish: Preference) -> str:
    """The word in the link that confirms `pending`."""
    said = {"b": wish.body, "o": wish.owner, "a": fingerprint(wish.pending)}
    return signing.dumps(said, salt=_SALT, compress=False)


def read_token(text: str) -> tuple[str, str, str] | None:
    """(partition, owner, fingerprint of the address) of a link that still holds, else None."""
    try:
        said = signing.loads(text, salt=_SALT, max_age=LINK_HOLDS)
        return str(said["b"]), str(said["o"]), str(said["a"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None


def confirmation(message: Message, wish: Preference) -> None:
    """Asks the owner of an address whether notices shall come there. Raises Rejected."""
    link = settings.BASE_URL + reverse("notices-confirm", args=[token(wish)])
    with translation.override(wish.language):
        _send(message, wish.pending, _("Please confirm your e-mail address"), "confirmation", {"link": link})


def notice(message: Message, wish: Preference, delivered: Inbox) -> None:
    """Says that a notice awaits. Raises Rejected."""
    with translation.override(wish.language):
        subject = str(delivered.subject.get(wish.language) or delivered.subject.get("ja", ""))
        body = bodies.row(delivered.target).full_name if bodies.exists(delivered.target) else ""
        values = {
            "subject": subject, "body": body, "at": delivered.at,
            "link": settings.BASE_URL + _page_of(delivered),
            "settings_link": settings.BASE_URL + _settings_of(delivered),
        }  # fmt: skip
        _send(message, wish.email, subject, "notice", values)


def _page_of(delivered: Inbox) -> str:
    if delivered.owner:
        return reverse("desk-case", args=[delivered.target, delivered.case_id])
    return reverse("my-case", args=[delivered.target, delivered.case_id])


def _settings_of(delivered: Inbox) -> str:
    if delivered.owner:
        return reverse("desk-notices-settings", args=[delivered.body, delivered.service])
    return reverse("my-notices-settings")


def _send(message: Message, to: str, subject: str, template: str, values: dict[str, Any]) -> None:
    language = translation.get_language() or "ja"
    values = {**values, "language": language, "base_url": settings.BASE_URL}
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    title = _LINES.sub(" ", subject)
    sent = EmailMultiAlternatives(
        subject=title,
        body=render_to_string(f"delivery/mail/{template}.txt", values),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[to],
        headers={
            "Message-ID": f"<{message.id}@{host}>",
            "Auto-Submitted": "auto-generated",
            "Content-Language": language,
        },
    )
    sent.attach_alternative(
        render_to_string(f"delivery/mail/{template}.html", {**values, "title": title}), "text/html"
    )
    try:
        sent.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise Rejected(f"smtp_{codes[0]}", final=all(code >= 500 for code in codes)) from None
    except smtplib.SMTPResponseException as error:
        raise Rejected(
            f"smtp_{error.smtp_code}",
            final=isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500,
        ) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Rejected(type(error).__name__) from None
