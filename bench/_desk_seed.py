"""Clerks who sign in with a password, for `bench desk`; prints what the load generator needs as JSON.

python -m bench._desk_seed BODY=CLERKS …
"""

from __future__ import annotations

import json
import os
import secrets
import sys
from datetime import timedelta


def main(wanted: dict[str, int]) -> int:
    """So many clerks in each body."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from django.contrib.auth.hashers import make_password

    from bench._copies import SERVICE
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.ops import assets, clock

    assets.compile_translations()
    assets.collect_static()  # pages name their files by what is in them
    password = secrets.token_urlsafe(12)
    hashed, since = make_password(password), clock.now().date() - timedelta(days=90)
    clerks = []
    for body, count in wanted.items():
        for number in range(count):
            name = f"clerk-{body}-{number}"
            user = User.objects.create(
                username=name, display_name=f"例示 {number}", kind="staff", password=hashed
            )
            actors.grant(user, body, SERVICE, "clerk", since, "市民課")
            clerks.append([body, name])
    sys.stdout.write(json.dumps({"clerks": clerks, "password": password, "service": SERVICE}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main({body: int(count) for body, _, count in (word.partition("=") for word in sys.argv[1:])}))
