"""Notices: the list with what is unread, wishes (which kinds by e-mail, to which address), the link that confirms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access import bodies
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases.paging import BadCursor
from kiban.definitions import editions
from kiban.delivery import box, preferences
from kiban.delivery.box import Box
from kiban.delivery.messages import kind_of, mail_available
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Label
from kiban.ops import clock
from kiban.web.desk.inbox import tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import party_only, place_of, staff_only, user_of

_PAGE = 30


@dataclass(frozen=True)
class _Where:
    """Whose notices are shown, and in which frame."""

    box: Box
    owner: str
    service: str | None
    list_url: str
    settings_url: str
    kind: str
    services: tuple[CompiledService, ...]
    frame: dict[str, Any]


@require_http_methods(["GET", "HEAD", "POST"])
@party_only
def mine(request: HttpRequest) -> HttpResponse:
    """A party's notices; POST marks one or all of them as read."""
    return _list(request, _party(_user(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@party_only
def my_settings(request: HttpRequest) -> HttpResponse:
    """Which notices come by e-mail, and to which address."""
    return _settings(request, _party(_user(request)))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def at_desk(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The notices of one of the staff, in a service at a body."""
    return _list(request, _staff(request, body, service))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def desk_settings(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """As `my_settings`, for one of the staff."""
    return _settings(request, _staff(request, body, service))


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Behind the link of an e-mail: a button confirms the address (programs that only follow links do not)."""
    done = request.method == "POST" and preferences.confirm(token)
    held = done or preferences.asked_by(token) is not None
    context = {
        "done": done,
        "held": held,
        "crumbs": [(_("Home"), reverse("home")), (_("E-mail address"), "")],
    }
    return render(request, "web/notices/confirm.html", context, status=200 if held else 404)


def _user(request: HttpRequest) -> User:
    user = user_of(request)
    assert user is not None
    return user


def _party(user: User) -> _Where:
    compiled = tuple(editions.catalogue(clock.today()))
    crumbs = [(_("Home"), reverse("home")), (_("My page"), reverse("my"))]
    return _Where(
        box.box_of(user), str(user.id), None, reverse("my-notices"), reverse("my-notices-settings"), "party",
        compiled, {"crumbs": crumbs},
    )  # fmt: skip


def _staff(request: HttpRequest, body: str, service: str) -> _Where:
    user, place = _user(request), place_of(request, body, service)
    args = [body, service]
    crumbs = [(_("Staff desk"), reverse("desk")), (place.title(language()), reverse("desk-inbox", args=args))]
    return _Where(
        box.box_of(user, body), str(user.id), service, reverse("desk-notices", args=args),
        reverse("desk-notices-settings", args=args), "staff", (place.compiled,),
        {"crumbs": crumbs, "place": place, "tabs": tabs(place, "notices")},
    )  # fmt: skip


def _list(request: HttpRequest, where: _Where) -> HttpResponse:
    if request.method == "POST":
        box.mark_read(where.box, _notice(request, where), service=where.service)
        return HttpResponseRedirect(where.list_url)
    unread = request.GET.get("show") == "unread"
    try:
        page = box.notices(
            where.box,
            service=where.service,
            unread=unread,
            limit=_PAGE,
            cursor=request.GET.get("cursor") or None,
        )
    except BadCursor:
        return HttpResponseRedirect(where.list_url)
    said = {"show": "unread"} if unread else {}
    lines = [
        {
            "row": row,
            "url": _case_url(where, row),
            "body": bodies.row(row.target) if bodies.exists(row.target) else None,
        }
        for row in page.rows
    ]
    context = {
        **where.frame, "where": where, "lines": lines, "unread_only": unread,
        "unread": box.unread(where.box, where.service),
        "next_url": f"?{urlencode({**said, 'cursor': page.next})}" if page.next else "",
        "first_url": f"?{urlencode(said)}" if request.GET.get("cursor") else "",
    }  # fmt: skip
    context["crumbs"] = [*context["crumbs"], (_("Notices"), "")]
    return render(request, "web/notices/list.html", context)


def _notice(request: HttpRequest, where: _Where) -> str | None:
    """The notice that was named; None means all of them."""
    named = request.POST.get("notice", "")
    if named == "all":
        return None
    try:
        found = box.exists(where.box, named)
    except (ValueError, TypeError):
        found = False
    except Exception as error:
        if type(error).__name__ != "ValidationError":
            raise
        found = False
    if not found:
        raise Http404
    return named


def _case_url(where: _Where, row: Any) -> str:
    return reverse("desk-case" if where.kind == "staff" else "my-case", args=[row.target, row.case_id])


def _settings(request: HttpRequest, where: _Where) -> HttpResponse:
    problem = ""
    if request.method == "POST":
        problem = _change(request, where)
        if not problem:
            return HttpResponseRedirect(where.settings_url)
    with scope(where.box.partition, viewer=where.box.viewer):
        wish = preferences.of(where.owner)
    context = {
        **where.frame, "where": where, "wish": wish, "available": mail_available(), "problem": problem,
        "typed": request.POST.get("email", "") if problem else wish.pending or wish.email,
        "kinds": _kinds(where, set(wish.muted)), "wrong_count": 1 if problem else 0,
    }  # fmt: skip
    context["crumbs"] = [*context["crumbs"], (_("Notices"), where.list_url), (_("E-mail settings"), "")]
    return render(request, "web/notices/settings.html", context, status=422 if problem else 200)


def _change(request: HttpRequest, where: _Where) -> str:
    """Does what a button asks; what is wrong in words, or nothing."""
    do = request.POST.get("do", "")
    with scope(where.box.partition, viewer=where.box.viewer):
        if do == "remove":
            preferences.remove(where.owner)
            messages.success(request, _("E-mails were stopped and the address was deleted."))
        elif do == "kinds":
            wanted = set(request.POST.getlist("kind"))
            known = {kind for kind, _label, _service, _on in _kinds(where, set())}
            preferences.choose(where.owner, known - wanted, language())
            messages.success(request, _("Your choice was saved."))
        elif do == "address":
            return _ask(request, where)
        else:
            raise Http404
    return ""


def _ask(request: HttpRequest, where: _Where) -> str:
    if not mail_available():
        return _("This installation sends no e-mails.")
    try:
        preferences.ask_for(where.owner, request.POST.get("email", ""), language())
    except ValueError:
        return _("Enter an e-mail address such as hanako@example.jp.")
    except preferences.TooManyLinks:
        return _("Many links were sent today. Please use the last one, or try again tomorrow.")
    messages.success(request, _("We have sent an e-mail with a link. Please open it within three days."))
    return ""


def _kinds(where: _Where, muted: set[str]) -> list[tuple[str, Label, Label, bool]]:
    """(kind, its words, the service, whether it comes by e-mail) of what may be sent to somebody like this."""
    found = []
    for compiled in where.services:
        for name, notice in compiled.service.notices.items():
            role = compiled.service.roles.get(notice.to)
            if role is not None and role.kind == where.kind:
                kind = kind_of(compiled.service.slug, name)
                found.append((kind, notice.subject, compiled.service.label, kind not in muted))
    return found
