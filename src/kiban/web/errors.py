"""Pages for what went wrong: in Japanese with English beside it, without asking the database for anything."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from kiban.ops.middleware import refusal

_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same answer for what does not exist and for what may not be seen."""
    return _page(
        request,
        404,
        "お探しのページは見つかりません",
        "The page was not found",
        "アドレスが正しいかご確認ください。ご覧になる権限がないページも、このように表示されます。",
        "Please check the address. Pages that you may not see look like this too.",
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: visible, but not allowed."""
    return _page(
        request,
        403,
        "この操作をする権限がありません",
        "You may not do this",
        "担当が異なる場合は、権限のある方に依頼してください。",
        "Please ask somebody who has the role for it.",
    )


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 where the request was too large."""
    if isinstance(exception, _LARGE):
        return _page(
            request,
            413,
            "送信された内容が大きすぎます",
            "Too much was sent at once",
            "入力を短くするか、ファイルを分けてお送りください（1つ10MBまで）。",
            "Please shorten your input or send the files one by one (10 MB each).",
        )
    return _page(
        request,
        400,
        "送信された内容を読み取れませんでした",
        "The request could not be read",
        "前のページに戻り、もう一度お試しください。",
        "Please go back and try again.",
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was opened too long ago, or was sent from elsewhere."""
    return _page(
        request,
        403,
        "ページの有効期限が切れました",
        "This page has expired",
        "前のページに戻って読み込み直し、もう一度送信してください。保存済みの下書きは失われていません。",
        "Please go back, reload the page and send it again. Saved drafts are not lost.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a mistake of ours. No template engine context, no database."""
    return refusal(
        request,
        500,
        "申し訳ありません。処理中に問題が起きました。時間をおいてもう一度お試しください。",
        "Sorry, something went wrong on our side. Please try again later.",
    )


def _page(request: HttpRequest, status: int, ja: str, en: str, help_ja: str, help_en: str) -> HttpResponse:
    if request.path.startswith("/api/"):
        return refusal(request, status, ja, en)
    context: dict[str, Any] = {
        "status": status, "ja": ja, "en": en, "help_ja": help_ja, "help_en": help_en, "home": _("Home"),
    }  # fmt: skip
    return HttpResponse(render_to_string("web/errors/error.html", context), status=status)
