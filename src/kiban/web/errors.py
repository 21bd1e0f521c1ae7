"""Pages for what went wrong: in Japanese and English, without asking the database for anything."""

from __future__ import annotations

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse

from kiban.documents.signers import SigningProblem
from kiban.ops.refusals import Words, refusal
from kiban.web import kept

_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)
_NOT_FOUND = (
    Words(
        "お探しのページは見つかりません",
        "アドレスが正しいかご確認ください。ご覧になる権限がないページも、このように表示されます。",
    ),
    Words(
        "The page was not found",
        "Please check the address. Pages that you may not see look like this too.",
    ),
)
_FORBIDDEN = (
    Words("この操作をする権限がありません", "担当が異なる場合は、権限のある方に依頼してください。"),
    Words("You may not do this", "Please ask somebody who has the role for it."),
)
_TOO_LARGE = (
    Words(
        "送信された内容が大きすぎます",
        "入力を短くするか、ファイルを分けてお送りください（1つ10MBまで）。前のページに戻ると、入力した内容が残っています。",
    ),
    Words(
        "Too much was sent at once",
        "Please shorten your input or send files one by one (10 MB each). Your input stands on the page before.",
    ),
)
_BAD = (
    Words("送信された内容を読み取れませんでした", "前のページに戻り、もう一度お試しください。"),
    Words("The request could not be read", "Please go back and try again."),
)
_EXPIRED = (
    Words(
        "ページの有効期限が切れました",
        "前のページに戻って読み込み直し、もう一度送信してください。保存済みの下書きは失われていません。",
    ),
    Words(
        "This page has expired",
        "Please go back, reload the page and send it again. Saved drafts are not lost.",
    ),
)
_OURS = (
    Words(
        "申し訳ありません。処理中に問題が起きました",
        "時間をおいて、もう一度お試しください。保存済みの下書きと、受付番号が表示された申請は失われていません。",
    ),
    Words(
        "Sorry, something went wrong on our side",
        "Please try again later. Saved drafts and applications with a receipt number are not lost.",
    ),
)
_BUSY = (
    Words(
        "ただいま混み合っているか、一時的に止まっています",
        "少し待ってから、もう一度お試しください。保存済みの下書きと、受付番号が表示された申請は失われていません。",
    ),
    Words(
        "The service is busy or stopped for a moment",
        "Please wait a little and try again. Saved drafts and applications with a receipt number are not lost.",
    ),
)
_UNSIGNED = (
    Words(
        "文書の準備がまだできていません",
        "電子署名ができるようになるまで、この文書は表示できません。しばらくしてから、もう一度お試しください。手続の状態は変わっていません。",
    ),
    Words(
        "The document is not ready yet",
        "It can't be shown before it can be signed. Please try again later. The state of the case has not changed.",
    ),
)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404: the same answer for what does not exist and for what may not be seen."""
    return refusal(request, 404, *_NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403: visible, but not allowed."""
    return refusal(request, 403, *_FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 where the request was too large."""
    large = isinstance(exception, _LARGE)
    return refusal(request, 413 if large else 400, *(_TOO_LARGE if large else _BAD))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: the form was opened too long ago, or was sent from elsewhere.

    One that the browser itself says to come from a page of ours (it was open while its person signed in again
    elsewhere) is not lost: what was typed is offered to be sent on.
    """
    origin = f"{request.scheme}://{request.get_host()}"
    if request.method == "POST" and request.headers.get("Origin") == origin:
        return kept.again(request, kept.sent(request))
    return refusal(request, 403, *_EXPIRED)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a mistake of ours; 503 where the database does not answer or is too busy, or a document can't be signed."""
    error = sys.exc_info()[1]
    if isinstance(error, OperationalError | InterfaceError):
        return refusal(request, 503, *_BUSY, retry_after=30)
    if isinstance(error, SigningProblem):
        return refusal(request, 503, *_UNSIGNED, retry_after=60)
    return refusal(request, 500, *_OURS)
