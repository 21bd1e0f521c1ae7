"""Other systems that hear of a service's events in a body: addresses, secrets (shown once), what was given up."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access.scope import scope
from kiban.delivery import pinned, webhooks
from kiban.delivery.models import WEBHOOK, Message, Subscription
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, Problem
from kiban.web.admin.common import page, place_to_set
from kiban.web.proving import asks_again
from kiban.web.viewer import staff_only

TYPE_LABELS = {
    webhooks.OPENED: Label(ja="案件が開かれた", en="A case was opened"),
    webhooks.CHANGED: Label(ja="案件に行為があった", en="A case was acted on"),
    webhooks.ISSUED: Label(ja="文書が交付された", en="A document was issued"),
}
REFUSALS = {
    "scheme": Label(
        ja="https:// で始まるURLを入力してください。", en="Enter an address that starts with https://."
    ),
    "parts": Label(ja="URLを確かめてください（利用者名や # は使えません）。", en="Please check the address."),
    "port": Label(ja="443番か1024番以上のポートを使ってください。", en="Use port 443, or one from 1024 on."),
    "private": Label(
        ja="内部ネットワークの宛先は登録できません。", en="An address of a private network can't be used."
    ),
    "unknown_host": Label(ja="この名前の宛先が見つかりません。", en="There is no host of this name."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
@asks_again
def all_of(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The list, and the form for a new one; the answer to a new one shows its secret, once."""
    place, user = place_to_set(request, body, service)
    problems: list[Problem] = []
    fresh: tuple[Subscription, str] | None = None
    with scope(body, viewer=str(user.id)):
        if request.method == "POST":
            problems, fresh = _create(request, body, service, str(user.id))
        rows = list(Subscription.objects.filter(body=body, service=service).order_by("created_at"))
    context = {"rows": rows, "fresh": fresh, "types": TYPE_LABELS, "posted": request.POST if problems else {}}
    return page(request, place, "settings-webhooks", context, problems)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
@asks_again
def one(request: HttpRequest, body: str, service: str, subscription: UUID) -> HttpResponse:
    """One of them: its last calls; try, stop, go on, a new secret, delete, send again what was given up."""
    place, user = place_to_set(request, body, service)
    secret = ""
    with scope(body, viewer=str(user.id)):
        found = Subscription.objects.filter(body=body, service=service, id=subscription).first()
        if found is None:
            raise Http404
        do = request.POST.get("do", "") if request.method == "POST" else ""
        if do == "delete":
            found.delete()
        elif do == "rotate":
            secret = webhooks.rotate(found)
        elif do:
            _do(request, found, do)
        calls = list(
            Message.objects.filter(body=body, channel=WEBHOOK, owner=str(subscription)).order_by(
                "-created_at"
            )[:50]
        )
    if do == "delete":
        messages.success(request, _("The webhook was deleted."))
        return HttpResponseRedirect(reverse("settings-webhooks", args=[body, service]))
    if do and not secret:
        return HttpResponseRedirect(reverse("settings-webhook", args=[body, service, subscription]))
    context = {"row": found, "secret": secret, "calls": calls, "types": TYPE_LABELS}
    return page(request, place, "settings-webhooks", context, template="web/admin/webhook.html")


def _create(
    request: HttpRequest, body: str, service: str, by: str
) -> tuple[list[Problem], tuple[Subscription, str] | None]:
    label, url = request.POST.get("label", "").strip(), request.POST.get("url", "").strip()
    types = [kind for kind in request.POST.getlist("types") if kind in webhooks.TYPES]
    problems = check(label, url, types)
    if not problems and Subscription.objects.filter(body=body, service=service).count() >= webhooks.MOST:
        problems = [Problem("url", INVALID, Label(ja="登録は20件までです。", en="At most 20 can be kept."))]
    return (problems, None) if problems else ([], webhooks.create(service, label, url, types, by))


def check(label: str, url: str, types: list[str]) -> list[Problem]:
    """What is wrong with a new subscription."""
    problems = []
    if not label or len(label) > 100:
        problems.append(
            Problem(
                "label",
                INVALID,
                Label(ja="名前を100文字までで入力してください。", en="Enter a name (100 characters)."),
            )
        )
    try:
        pinned.checked(url)
    except pinned.Refused as refused:
        problems.append(Problem("url", INVALID, REFUSALS[refused.reason]))
    if not types:
        problems.append(
            Problem(
                "types", INVALID, Label(ja="知らせる出来事を選んでください。", en="Choose what to tell of.")
            )
        )
    return problems


def _do(request: HttpRequest, found: Subscription, do: str) -> None:
    told: dict[str, Any] = {
        "try": _("A trial call was put into the queue."), "stop": _("Stopped: nothing is sent there any more."),
        "go-on": _("Calls go on; what was given up is sent again."), "again": _("It will be sent again."),
    }  # fmt: skip
    if do not in told:
        raise Http404
    if do == "try":
        webhooks.ping(found)
    elif do == "stop":
        Subscription.objects.filter(body=found.body, id=found.id).update(active=False, stopped="by_hand")
    elif do == "go-on":
        webhooks.resume(found)
    else:
        try:
            webhooks.again(found.body, owner=str(found.id), message=UUID(request.POST.get("message", "")))
        except ValueError:
            raise Http404 from None
    messages.success(request, told[do])
