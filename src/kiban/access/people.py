"""Who holds which role for a body and a service: listed, given, ended, and held in another's place (代理).

Every grant and every end is a line of its own with who did it and why; nobody ends the last administrator.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import Q

from kiban.access import actors, bodies, changes
from kiban.access.changes import SettingRefused
from kiban.access.models import RoleGrant, User
from kiban.kernel.definitions.model import Label, Role, Service
from kiban.kernel.problems import Problem
from kiban.ops import clock


def grants(body: str, service: str, *, past: bool = False) -> list[RoleGrant]:
    """The grants of a body for a service with their users, by name; with `past` also those that have ended."""
    rows = RoleGrant.objects.select_related("user").filter(body=body, service=service)
    if not past:
        rows = rows.filter(Q(to_date=None) | Q(to_date__gte=clock.today()))
    return list(rows.order_by("user__display_name", "role", "from_date"))


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of the staff of a body in a service: `department` is the one of the latest role that names one."""

    id: UUID
    name: str
    department: str


def colleagues(body: str, service: str, *, on: date) -> list[Colleague]:
    """The active staff who hold a role of a service in a body on a day, by name."""
    rows = RoleGrant.objects.select_related("user").filter(
        Q(to_date=None) | Q(to_date__gte=on), body=body, service=service, from_date__lte=on, user__kind="staff",
        user__is_active=True,
    )  # fmt: skip
    found: dict[UUID, Colleague] = {}
    for row in rows.order_by("from_date", "id"):
        known = found.get(row.user_id)
        department = row.department or (known.department if known else "")
        found[row.user_id] = Colleague(row.user_id, row.user.display_name, department)
    return sorted(found.values(), key=lambda one: (one.department, one.name, str(one.id)))


def givable(service: Service, body: str) -> list[Role]:
    """The roles that a body may give: what reaches further than a body is given by the ministry or the prefecture."""
    here = bodies.row(body)
    wide = {"nation": body == service.ministry, "figures": body == service.ministry}
    below = here.kind in ("prefecture", "designated_city", "ministry")
    return [
        role
        for role in service.roles.values()
        if role.kind in ("staff", "machine") and wide.get(role.reach, role.reach != "below" or below)
    ]


def give(
    service: Service, body: str, username: object, role: object, from_: object, user: User, *,
    display_name: object = "", department: object = "", to: object = "", deputy_for: object = "", why: object = "",
) -> RoleGrant:  # fmt: skip
    """A member of staff gets a role from a day on; somebody new is entered with a name. Raises SettingRefused.

    `deputy_for`: the sign-in name of the one in whose place the role is held; a deputy's role has a last day.
    """
    word = next((found for found in givable(service, body) if found.name == str(role or "")), None)
    if word is None:
        raise _refused("role", "not_in_list", "役割を選んでください。", "Please choose a role.")
    start = changes.day("from", from_, not_before=clock.today())
    assert start is not None
    end = changes.day("to", to, not_before=start, required=False)
    reason = changes.text("why", why, required=True)
    place = changes.text("department", department, most=100)
    name = changes.text("username", username, required=True, most=100)
    absent = _absent(service.slug, body, str(deputy_for or "").strip(), word.name, end)
    with changes.setting(body, user):
        who = _person(name, changes.text("display_name", display_name, most=100), word.kind)
        if absent is not None and absent.id == who.id:
            raise _refused(
                "deputy_for", "invalid", "本人の代理にはなれません。", "Nobody is their own deputy."
            )
        given = actors.grant(
            who, body, service.slug, word.name, start, place, end, absent.id if absent else None
        )
        changes.note(
            "grant", word.name, user, service=service.slug, from_date=start,
            after=_said(given, who), why=reason,
        )  # fmt: skip
    return given


def end(
    service: Service, body: str, grant: UUID | str, last_day: object, user: User, why: object = ""
) -> None:
    """A grant ends with a day (yesterday at the earliest). Raises SettingRefused, LookupError."""
    try:
        grant = UUID(str(grant))
    except ValueError:
        raise LookupError(str(grant)) from None
    today = clock.today()
    last = changes.day("last_day", last_day, not_before=today - timedelta(days=1))
    reason = changes.text("why", why, required=True)
    with changes.setting(body, user):
        found = (
            RoleGrant.objects.select_for_update(of=("self",))
            .select_related("user")
            .filter(body=body, service=service.slug, id=grant)
            .first()
        )
        if found is None:
            raise LookupError(str(grant))
        word = service.roles.get(found.role)
        if word is not None and word.administers:
            _keep_one(service, body, found, last or today)
        before = _said(found, found.user)
        found.to_date = last
        found.save(update_fields=["to_date"])
        changes.note(
            "grant_ended", found.role, user, service=service.slug, from_date=last, before=before,
            after=_said(found, found.user), why=reason,
        )  # fmt: skip


def _person(username: str, display_name: str, kind: str) -> User:
    found = User.objects.filter(username=username).first()
    if found is not None:
        if found.kind != kind:
            raise _refused(
                "username",
                "invalid",
                "この利用者名には役割を付けられません。",
                "This person can't hold the role.",
            )
        return found
    if not display_name:
        raise _refused(
            "display_name",
            "required",
            "初めての人です。氏名も入力してください。",
            "Somebody new: please give the name too.",
        )
    return User.objects.create_user(username, display_name=display_name, kind=kind)


def _absent(service: str, body: str, username: str, role: str, end: date | None) -> User | None:
    if not username:
        return None
    today = clock.today()
    held = RoleGrant.objects.select_related("user").filter(
        Q(to_date=None) | Q(to_date__gte=today),
        body=body,
        service=service,
        role=role,
        user__username=username,
    )
    found = held.filter(deputy_for=None).first()
    if found is None:
        raise _refused(
            "deputy_for",
            "not_found",
            "代理される人は、この役割を持っていません。",
            "The one to be replaced does not hold this role.",
        )
    if end is None:
        raise _refused(
            "to", "required", "代理の最後の日を入力してください。", "Please give a deputy's last day."
        )
    return User.objects.get(id=found.user_id)


def _keep_one(service: Service, body: str, ending: RoleGrant, last: date) -> None:
    roles = [name for name, word in service.roles.items() if word.administers]
    others = RoleGrant.objects.filter(
        Q(to_date=None) | Q(to_date__gt=last), body=body, service=service.slug, role__in=roles, from_date__lte=last,
        deputy_for=None, user__is_active=True,
    ).exclude(id=ending.id)  # fmt: skip
    if not others.exists():
        raise _refused(
            "last_day", "invalid", "団体の設定をする人が一人もいなくなります。先にほかの人に役割を付けてください。",
            "Nobody would be left to administer the body. Give somebody else the role first.",
        )  # fmt: skip


def _said(grant: RoleGrant, user: User) -> dict[str, str | None]:
    return {
        "user": str(user.id), "username": user.username, "name": user.display_name, "department": grant.department,
        "to": str(grant.to_date) if grant.to_date else None,
        "deputy_for": str(grant.deputy_for) if grant.deputy_for else None,
    }  # fmt: skip


def _refused(field: str, code: str, ja: str, en: str) -> SettingRefused:
    return SettingRefused(Problem(field, code, Label(ja=ja, en=en)))
