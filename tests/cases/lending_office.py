"""People who act on a small service of equipment lending (tests/cases/lending), published for each test."""

from __future__ import annotations

import itertools
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from kiban.access import actors
from kiban.access.models import User
from kiban.cases import door
from kiban.definitions import editions
from kiban.definitions.publish import publish_folder
from kiban.kernel.dates import JST

SERVICE = "test-lending"
BODY, OTHER = "131229", "131113"
NOW = datetime(2026, 10, 5, 10, 0, tzinfo=JST)
_counter = itertools.count()


class Office:
    """Acts on the lending service as its people."""

    def __init__(self) -> None:
        self.edition = publish_folder(Path(__file__).parent / "lending").id
        self.compiled = editions.get(self.edition)
        self.party = User.objects.create_user(
            "taro", kind="party", display_name="試験 太郎", party=UUID("0190a5b0-0000-7000-8000-000000000001")
        )
        self.other_party = User.objects.create_user(
            "hanako",
            kind="party",
            display_name="試験 花子",
            party=UUID("0190a5b0-0000-7000-8000-000000000002"),
        )
        self.clerk_user = User.objects.create_user("clerk", kind="staff", display_name="試験 職員")
        for body in (BODY, OTHER):
            actors.grant(self.clerk_user, body, SERVICE, "clerk", date(2026, 1, 1), "総務課")

    def actor(self, user: User, body: str = BODY):
        return actors.actor_for(user, body, self.compiled.service, on=date(2026, 10, 5))

    @property
    def applicant(self):
        return self.actor(self.party)

    @property
    def clerk(self):
        return self.actor(self.clerk_user)

    def act(self, actor, action, case=None, input=None, *, key=None, body=BODY, procedure=None, **more):
        return door.act(
            body,
            SERVICE,
            procedure or (None if case else "request"),
            case,
            action,
            actor,
            input or {},
            idempotency_key=key or f"k{next(_counter)}",
            route="test",
            **more,
        )

    def submit(self, actor=None, **more):
        form = {"name": "髙橋 太郎", "purpose": "行事", "from_day": "2026-10-06", **more.pop("form", {})}
        return self.act(actor or self.applicant, "submit", input=form, **more)

    def stock(self, *names, body=BODY):
        return self.act(
            self.actor(self.clerk_user, body),
            "add",
            input={"names": list(names)},
            body=body,
            procedure="stock",
        )
