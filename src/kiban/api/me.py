"""Who the caller is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from kiban.access.actors import actor_for, bodies_of
from kiban.api import shapes
from kiban.api.answers import answer
from kiban.api.auth import Caller, caller
from kiban.definitions import editions
from kiban.ops import clock

router = Router(auth=Caller(), tags=["caller"])


@router.get("/me", response=shapes.Me, summary="The caller and its roles")
def me(request: HttpRequest) -> HttpResponse:
    """The user of the token or session, with the roles that it holds today."""
    user, today = caller(request), clock.today()
    roles = []
    for body, slug in bodies_of(user, on=today):
        actor = actor_for(user, body, editions.current(slug, today).service, on=today)
        roles.append(
            {"body": body, "service": slug, "roles": sorted(actor.roles), "department": actor.department}
        )
    return answer(
        {
            "id": str(user.id),
            "kind": user.kind,
            "display_name": user.display_name,
            "roles": roles,
        }
    )
