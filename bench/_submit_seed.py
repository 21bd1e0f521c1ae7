"""Residents with tokens and stored files for `bench submit`; prints what the load generator needs as JSON."""

from __future__ import annotations

import os
import sys
import uuid

import orjson

_PDF = b"%PDF-1.4\n% an invented attachment\n"


def main(count: int) -> int:
    """`count` residents; the bodies that take part in the service."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from kiban.access import actors, bodies, participation
    from kiban.access.models import Body, User
    from kiban.access.scope import scope
    from kiban.cases import files
    from kiban.definitions import editions
    from kiban.ops import clock

    now = clock.now()
    word = editions.current("temporary-plate", now.date()).service
    users = []
    for n in range(count):
        user = User.objects.create_user(
            username=f"resident-{uuid.uuid4().hex}",
            display_name=f"見本 {n}",
            kind="party",
            party=uuid.uuid4(),
        )
        with scope(user.partition):
            kept = files.store("見本.pdf", _PDF + str(n).encode(), at=now)
        users.append([actors.new_token(user), kept["sha256"]])
    taking = [
        [body.code, bodies.get(body.code).prefecture + body.name]
        for body in Body.objects.filter(kind__in=["city", "special_ward", "designated_city"])
        if participation.level(word, body.code, now.date()) == "full"
    ]
    sys.stdout.buffer.write(orjson.dumps({"users": users, "bodies": taking, "today": now.date().isoformat()}))
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
