"""How the work after the act stands, for operators: workers, queues, what is stuck. Ids and kinds of problems only."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access.actors import is_operator
from kiban.delivery import health
from kiban.kernel.definitions.model import Label
from kiban.ops import clock
from kiban.web.viewer import staff_only, user_of

_QUEUES = {
    "clock": Label(ja="期限の到来", en="Clocks"), "outbox": Label(ja="行為の後の配信", en="Delivery after acts"),
    "import": Label(ja="台帳の取込み", en="Import of ledgers"),
    "email": Label(ja="メール", en="E-mail"), "webhook": Label(ja="Webhook", en="Webhooks"),
}  # fmt: skip


@require_safe
@staff_only
def work(request: HttpRequest) -> HttpResponse:
    """The page of an operator (`./kiban admin operator NAME` makes one); for others it is not there."""
    user = user_of(request)
    assert user is not None
    if not is_operator(user, on=clock.today()):
        raise Http404
    report = health.report()
    context = {
        "report": report, "queues": [(_QUEUES[q.name], q) for q in report.queues if q.name in _QUEUES],
        "stuck": [(_QUEUES[s.queue], s) for s in report.stuck if s.queue in _QUEUES],
        "crumbs": [(_("Staff desk"), reverse("desk")), (_("Work in the background"), "")],
    }  # fmt: skip
    return render(request, "web/operations/work.html", context)
