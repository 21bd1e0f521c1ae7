"""What the crash test begins with: the service in force, people with roles and tokens, a clock on a Friday morning.

    python -m tests.crash.seed CLIENTS

Prints one JSON object: {"bodies": {code: {"clerk": token, "approver": token}}, "clients": [{"body", "tokens"}]}.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from datetime import date
from pathlib import Path

BODIES = ("131229", "131211")
NOW = "2026-10-02T10:00:00+09:00"
SERVICE = Path(__file__).resolve().parents[2] / "services" / "temporary-plate"
_SINCE = date(2026, 4, 1)


def main(argv: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from datetime import datetime

    from kiban.access import actors
    from kiban.access.models import User
    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    clock.set_clock(datetime.fromisoformat(NOW))
    publish_folder(SERVICE)

    def token(name: str, body: str, role: str) -> str:
        party = uuid.uuid4() if role == "party" else None
        user = User.objects.create_user(
            username=name, display_name=f"見本 {name}", kind="party" if party else "staff", party=party
        )
        if party is None:
            actors.grant(user, body, SERVICE.name, role, _SINCE, "市民課")
        return actors.new_token(user)

    found: dict[str, object] = {
        "bodies": {
            body: {role: token(f"{role}@{body}", body, role) for role in ("clerk", "approver")}
            for body in BODIES
        },
        "clients": [
            {
                "body": body,
                "tokens": {
                    role: token(f"{role}-{number}@{body}", body, "clerk" if role == "rival" else role)
                    for role in ("party", "clerk", "rival", "approver")
                },
            }
            for number in range(int(argv[0]))
            for body in [BODIES[number % len(BODIES)]]
        ],
    }
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
