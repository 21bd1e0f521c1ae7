"""Pages act through the one door; this is their side of it."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from kiban.cases import door
from kiban.kernel.definitions.model import Action, Label
from kiban.kernel.facts import Refusal
from kiban.kernel.problems import INVALID
from kiban.web.filling import Filling
from kiban.web.forms.posted import storable

ROUTE = "pages"
_CHANGED = Label(
    ja="この画面からは、すでに別の内容が送信されています。入力した内容は残っています。画面を読み込み直して、もう一度操作してください。",
    en="Something else was sent from this page already. Your input is kept; please reload and try again.",
)


def send(filling: Filling, key: str, *, if_seq: int | None = None, draft: UUID | None = None) -> door.Outcome:
    """Sends a form through the door. Raises Http404 for what is not visible."""
    if filling.upload_problems:
        return door.Outcome("refused", {}, refusal=Refusal(INVALID, _CHANGED, tuple(filling.upload_problems)))
    try:
        return door.act(
            filling.place.body.code, filling.place.slug, filling.procedure.name,
            filling.case.id if filling.case is not None else None, filling.action, filling.place.actor, filling.input,
            idempotency_key=key, route=ROUTE, reasons=filling.reasons, if_seq=if_seq, draft=draft,
        )  # fmt: skip
    except (door.NotVisible, door.BadKey):
        raise Http404 from None
    except door.KeyConflict:
        return door.Outcome("refused", {}, refusal=Refusal("changed", _CHANGED))


def done_words(action: Action, language: str) -> str:
    """What is told after an act."""
    if action.done is not None:
        return action.done.text(language)
    return _("Done: %s") % action.label.text(language)


def reasons_from(post: QueryDict) -> dict[str, str]:
    """The reasons given for warnings: inputs named `reason.<code>`."""
    found = {}
    for name in post:
        if name.startswith("reason.") and len(name) < 200:
            text = storable(post.get(name, "")).strip()
            if text:
                found[name.removeprefix("reason.")] = text
    return found
