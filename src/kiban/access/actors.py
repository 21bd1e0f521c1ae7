"""Who acts: users and machines become `ActorFacts` for one body and one service."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q

from kiban.access import bodies, deputies
from kiban.access.models import ApiToken, RoleGrant, User
from kiban.kernel.definitions.model import Service
from kiban.kernel.facts import ActorFacts

OPERATOR = "operator"


def actor_for(user: User, body: str, service: Service, *, on: date) -> ActorFacts:
    """The user as the rules of `service` see them in `body` on a day.

    A party holds every party role of the service and acts from its own partition (`place` is `p-<uuid>`): what
    it may see is settled by whose case it is. Staff and machines hold what was granted to them (`place` is the
    body), and what reaches here from above: a role of reach `nation` granted at the service's ministry, one of
    reach `below` granted at the prefecture (`place` is then that body). Without any role `roles` is empty. Roles of
    reach `granted` that are held in whichever place stand in `granted`. Roles that are held only in somebody's place
    (a role given for that, or an absence) stand in `roles` too, and in `deputy` with the id of that person.
    """
    if user.kind == "party":
        roles = frozenset(role.name for role in service.roles.values() if role.kind == "party")
        return ActorFacts(str(user.id), "party", roles, place=user.partition)
    reaching, granted = _reaching(body, service), _granted_roles(service)
    here = Q(body__in=[body, *reaching]) | Q(role__in=granted)
    rows = list(_valid(on).filter(here, user=user, service=service.slug).order_by("from_date", "id"))
    grants = [
        grant
        for grant in rows
        if grant.body == body or _reach(service, grant.role) in reaching.get(grant.body, ())
    ]
    own = frozenset(grant.role for grant in grants if grant.deputy_for is None)
    deputy = {grant.role: str(grant.deputy_for) for grant in grants if grant.role not in own}
    deputy = {**_deputised(user, body, service, own, on), **deputy}
    kind = "machine" if user.kind == "machine" else "staff"
    department = next((grant.department for grant in reversed(grants) if grant.department), "")
    place = body if not grants or any(grant.body == body for grant in grants) else grants[-1].body
    return ActorFacts(
        str(user.id), kind, own | deputy.keys(), place=place, department=department, deputy=deputy,
        granted=tuple((grant.role, grant.body) for grant in rows if grant.role in granted),
    )  # fmt: skip


def _deputised(user: User, body: str, service: Service, own: frozenset[str], on: date) -> dict[str, str]:
    """The roles of those in whose place the user acts while they are away, by role the absent person."""
    away = deputies.in_place_of(user.id, body, on) if user.kind == "staff" else ()
    if not away:
        return {}
    rows = _valid(on).filter(user_id__in=away, body=body, service=service.slug, deputy_for=None)
    return {grant.role: str(grant.user_id) for grant in rows.order_by("id") if grant.role not in own}


def _granted_roles(service: Service) -> list[str]:
    """The roles that see of another body's cases what was granted to them."""
    return [role.name for role in service.roles.values() if role.reach == "granted"]


def above(body: str) -> list[str]:
    """The bodies whose roles of reach `below` reach this one: the city of a ward, the prefecture."""
    here = bodies.row(body) if bodies.exists(body) else None
    found = (here.parent, here.prefecture) if here is not None and here.kind != "ministry" else ()
    return [code for code in dict.fromkeys(found) if code and code != body]


def _reaching(body: str, service: Service) -> dict[str, set[str]]:
    """Which reaches of a role granted elsewhere reach a body, by where it is granted."""
    reaches = {role.reach for role in service.roles.values()}
    found: dict[str, set[str]] = {}
    if "below" in reaches:
        found = {code: {"below"} for code in above(body)}
    if "nation" in reaches and service.ministry != body:
        found.setdefault(service.ministry, set()).add("nation")
    return found


def _reach(service: Service, role: str) -> str:
    return service.roles[role].reach if role in service.roles else ""


def holders(body: str, service: str, role: str, *, on: date) -> list[UUID]:
    """The ids of the active users who hold a role of a service in a body on a day, and of their deputies."""
    rows = _valid(on).filter(body=body, service=service, role=role, user__is_active=True)
    found = set(rows.values_list("user_id", flat=True))
    return sorted(found.union(deputies.deputies_of(found, body, on)))


def sees_body(service: Service, actor: ActorFacts) -> bool:
    """Whether a role of the actor reaches all cases and registries of the body (届く範囲: body, below or nation)."""
    return any(_reach(service, name) in ("body", "below", "nation") for name in actor.roles)


def sees_figures(service: Service, actor: ActorFacts) -> bool:
    """Whether a role of the actor reaches the figures of the body: those who see all of it, and reach `figures`."""
    return sees_body(service, actor) or any(_reach(service, name) == "figures" for name in actor.roles)


def reaches_above(service: Service, actor: ActorFacts) -> bool:
    """Whether a role of the actor reaches cases of bodies other than its own: they are delivered to it."""
    return any(_reach(service, name) in ("below", "nation", "granted") for name in actor.roles)


def is_operator(user: User, *, on: date) -> bool:
    """Whether the user keeps the platform itself running: the role `operator` in no body and no service."""
    return _valid(on).filter(user=user, body="", service="", role=OPERATOR).exists()


def administers(service: Service, actor: ActorFacts) -> bool:
    """Whether a role of the actor sets what the body may set (団体の設定)."""
    return any(service.roles[name].administers for name in actor.roles if name in service.roles)


def bodies_of(user: User, *, on: date) -> list[tuple[str, str]]:
    """The (body, service) pairs in which the user holds a role on a day."""
    rows = _valid(on).exclude(service="").values_list("body", "service").distinct()
    found = set(rows.filter(user=user))
    for body, absent in deputies.bodies_of_deputy(user.id, on):
        found.update(rows.filter(user_id=absent, body=body))
    return sorted(found)


def grant(
    user: User, body: str, service: str, role: str, from_date: date, department: str = "",
    to_date: date | None = None, deputy_for: UUID | None = None,
) -> RoleGrant:  # fmt: skip
    """Gives a role from a day on (to a day, included); giving it again changes the rest."""
    found, _ = RoleGrant.objects.update_or_create(
        user=user,
        body=body,
        service=service,
        role=role,
        from_date=from_date,
        defaults={"department": department, "to_date": to_date, "deputy_for": deputy_for},
    )
    return found


def new_token(user: User, label: str = "", expires_at: datetime | None = None) -> str:
    """A new API token in clear text, shown once; the database keeps its digest."""
    token = f"kbn_{secrets.token_urlsafe(32)}"
    ApiToken.objects.create(user=user, digest=_digest(token), label=label, expires_at=expires_at)
    return token


def user_of_token(token: str, *, now: datetime) -> User | None:
    """The active user of a valid token, else None. One plain query: every call of the API comes through here."""
    fields = User._meta.concrete_fields
    columns = ", ".join(f'u."{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM access_apitoken t JOIN access_user u ON u.id = t.user_id "  # noqa: S608
            "WHERE t.digest = %s AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %s) "
            "AND u.is_active",
            [_digest(token), now],
        )
        row = cursor.fetchone()
    return None if row is None else User.from_db(connection.alias, [field.attname for field in fields], row)


def _valid(on: date):  # type: ignore[no-untyped-def]  # a queryset of RoleGrant
    return RoleGrant.objects.filter(Q(to_date=None) | Q(to_date__gte=on), from_date__lte=on)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()
