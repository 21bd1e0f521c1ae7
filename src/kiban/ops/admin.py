"""`kiban admin`: people who sign in with a password, from the command line of whoever operates the installation.

`create` makes a person with roles and prints a one-time link to set a password; `link` prints a new one; `password`
sets one here (typed twice, or one line of standard input); `list`, `unlock`, `disable`, `enable`. `token`, `tokens` and
`revoke` are for the API; `create --machine` makes a client that has tokens only.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from kiban.kernel.dates import JST
from kiban.ops import tokens
from kiban.ops.config import ConfigurationError


def main(argv: Sequence[str]) -> int:
    """Exit status 0 when done; 1 with a sentence when it can't be done; 2 for wrong use."""
    arguments = _parser().parse_args(list(argv))
    result: int = arguments.run(arguments)
    return result


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./kiban admin", description="People who sign in with a password.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    create = commands.add_parser("create", help="make a person and print a one-time sign-in link")
    create.set_defaults(run=_create)
    create.add_argument("name", help="user name to sign in with")
    create.add_argument("--display", required=True, help="name as others see it")
    create.add_argument("--body", required=True, help="code of the body, e.g. 131229")
    create.add_argument("--service", action="append", help="service (repeat for more; default: all)")
    create.add_argument(
        "--role", action="append", help="role (repeat for more; default: the service's administrators)"
    )
    create.add_argument("--department", default="", help="department as documents and pages name it")
    create.add_argument(
        "--machine", action="store_true", help="a machine client: it has tokens, nobody signs in"
    )
    create.add_argument("--password", action="store_true", help="ask for a password instead of a link")
    for name, run, words in (
        ("link", _link, "print a new one-time sign-in link"),
        ("password", _password, "set a password here"),
        ("unlock", _unlock, "end the lock after failed sign-ins"),
        ("disable", _disable, "refuse sign-in; sessions end at once, tokens within half a minute"),
        ("enable", _enable, "allow sign-in again"),
        ("operator", _operator, "let a member of staff see the work in the background (/operations/)"),
    ):
        one = commands.add_parser(name, help=words)
        one.add_argument("name")
        one.set_defaults(run=run)
    tokens.add_commands(commands)
    commands.add_parser("list", help="staff and machines, with their roles").set_defaults(run=_list)
    return parser


def _create(arguments: argparse.Namespace) -> int:
    from django.db import transaction

    from kiban.access import actors, bodies
    from kiban.access.models import User

    if not bodies.exists(arguments.body):
        raise ConfigurationError(
            f"There is no body {arguments.body!r}: give a 6-digit code such as 131229, or a ministry."
        )
    if User.objects.filter(username=arguments.name).exists():
        raise ConfigurationError(
            f"The user name {arguments.name!r} is taken; ./kiban admin link {arguments.name}"
        )
    grants, kind = list(_grants(arguments)), "machine" if arguments.machine else "staff"
    today = datetime.now(JST).date()
    with transaction.atomic():
        user = User.objects.create_user(username=arguments.name, display_name=arguments.display, kind=kind)
        for service, role in grants:
            actors.grant(user, arguments.body, service, role, today, arguments.department)
    for service, role in grants:
        _say(f"{arguments.name}: {role} of {service} at {bodies.row(arguments.body).full_name}")
    if arguments.machine:
        _say(f"Make its token: ./kiban admin token {arguments.name}")
        return 0
    return _ask_password(user) if arguments.password else _print_link(user)


def _grants(arguments: argparse.Namespace) -> list[tuple[str, str]]:
    """(service, role) pairs: as named, else what each service calls its administrators."""
    from kiban.definitions import editions

    today = datetime.now(JST).date()
    known = editions.services(today)
    found: list[tuple[str, str]] = []
    for slug in arguments.service or sorted(known):
        if slug not in known:
            raise ConfigurationError(f"There is no service {slug!r}; known: {', '.join(sorted(known))}.")
        roles = editions.current(slug, today).service.roles
        staff = [name for name, role in roles.items() if role.kind in ("staff", "machine")]
        wanted = arguments.role or [name for name in staff if getattr(roles[name], "administers", False)]
        unknown = [name for name in wanted if name not in staff]
        if unknown or not wanted:
            wrong = (
                f"{slug} has no role {unknown[0]!r} of staff"
                if unknown
                else f"{slug} names no administrators"
            )
            raise ConfigurationError(f"{wrong}: give --role with one of {', '.join(staff)}.")
        found += [(slug, name) for name in wanted]
    return found


def _user(name: str, kinds: tuple[str, ...] = ("staff", "machine")):  # type: ignore[no-untyped-def]  # kiban.access.models.User, loaded with Django
    from kiban.access.models import User

    found = User.objects.filter(username=name, kind__in=kinds).first()
    if found is None:
        raise ConfigurationError(f"Nobody of the staff has the user name {name!r}: ./kiban admin list")
    return found


def _link(arguments: argparse.Namespace) -> int:
    return _print_link(_user(arguments.name, ("staff",)))


def _print_link(user) -> int:  # type: ignore[no-untyped-def]
    from kiban.access import passwords

    _say("To set a password, open this once, within a day (hand it over by a safe way):")
    _say(f"  {passwords.link(user)}")
    return 0


def _password(arguments: argparse.Namespace) -> int:
    return _ask_password(_user(arguments.name, ("staff",)))


def _ask_password(user) -> int:  # type: ignore[no-untyped-def]
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError
    from django.utils import translation

    first = _typed("Password: ")
    if sys.stdin.isatty() and first != _typed("Again: "):
        raise ConfigurationError("The two passwords differ: nothing was changed.")
    try:
        with translation.override("en"):
            validate_password(first, user)
    except ValidationError as error:
        raise ConfigurationError(" ".join(error.messages)) from error
    user.set_password(first)
    user.save(update_fields=["password"])
    _say(f"The password of {user.username} was set.")
    return 0


def _typed(prompt: str) -> str:
    return getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")


def _unlock(arguments: argparse.Namespace) -> int:
    from kiban.access import passwords

    _say("The lock was ended." if passwords.unlock(arguments.name) else "This name was not locked.")
    return 0


def _disable(arguments: argparse.Namespace) -> int:
    return _set_active(arguments.name, active=False)


def _enable(arguments: argparse.Namespace) -> int:
    return _set_active(arguments.name, active=True)


def _set_active(name: str, *, active: bool) -> int:
    user = _user(name)
    user.is_active = active
    user.save(update_fields=["is_active"])
    _say(f"{name} {'may sign in again' if active else 'may not sign in any more'}.")
    return 0


def _operator(arguments: argparse.Namespace) -> int:
    from kiban.access import actors
    from kiban.ops import clock

    actors.grant(_user(arguments.name), "", "", actors.OPERATOR, clock.today())
    _say(f"{arguments.name} is an operator: /operations/ shows the work in the background.")
    return 0


def _list(_arguments: argparse.Namespace) -> int:
    from kiban.access.models import RoleGrant, User

    held = defaultdict(set)
    for user_id, role, body, service in RoleGrant.objects.values_list("user_id", "role", "body", "service"):
        held[user_id].add(f"{role}@{body} ({service})")
    for user in User.objects.filter(kind__in=("staff", "machine")).order_by("username"):
        roles = sorted(held[user.id])
        state = "" if user.is_active else "  disabled"
        _say(f"{user.username:<24} {user.display_name}  {', '.join(roles) or 'no role'}{state}")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
