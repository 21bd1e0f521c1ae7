"""`kiban maintenance`: pages and the API say in words that they are stopped, until it is over.

A file in KIBAN_HOME says so, for all processes of the server at once. Health checks, metrics and static files are
answered as ever; the worker goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from django.http import HttpRequest, HttpResponseBase

from kiban.ops.home import folder, home, write_private
from kiban.ops.refusals import Words, refusal

_RETRY_AFTER = 600  # seconds
_LONGEST = 200
_JA = "ただいまメンテナンスのため停止しています"
_EN = "The service is stopped for maintenance"
_KEPT_JA = "保存済みの下書きと、受付番号が表示された申請は失われていません。"
_KEPT_EN = "Saved drafts and applications with a receipt number are not lost."


def _note() -> Path:
    return home() / "maintenance"


def until() -> str | None:
    """Until when, as the operator has said (may be empty); None while all is open."""
    try:
        return _note().read_text(encoding="utf-8").strip()[:_LONGEST]
    except FileNotFoundError:
        return None


class Maintenance:
    """Middleware: 503 with words for people and machines."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        said = until() if request.path != "/metrics" else None
        if said is None:
            return self.get_response(request)
        ja = Words(_JA, (f"終了の予定：{said}。" if said else "しばらくお待ちください。") + _KEPT_JA)
        en = Words(_EN, (f"It will be back: {said}. " if said else "Please come back later. ") + _KEPT_EN)
        return refusal(request, 503, ja, en, retry_after=_RETRY_AFTER)


def main(argv: Sequence[str]) -> int:
    """The command line: `on [--until WORDS]`, `off`, or nothing to ask how it stands."""
    parser = argparse.ArgumentParser(
        prog="./kiban maintenance",
        description="Stop pages and API with words that say so (503), or open them. Without a word: how it stands.",
    )
    parser.add_argument("to", nargs="?", choices=("on", "off"))
    parser.add_argument("--until", default="", metavar="WORDS", help="shown to people, such as 22日 6:00")
    arguments = parser.parse_args(list(argv))
    if arguments.to == "on":
        folder("run")  # KIBAN_HOME is there
        write_private(_note(), arguments.until[:_LONGEST] + "\n")
    elif arguments.to == "off":
        _note().unlink(missing_ok=True)
    said = until()
    sys.stdout.write(
        "Pages and API are open.\n"
        if said is None
        else f"Stopped for maintenance{f' until {said}' if said else ''}.\n"
    )
    return 0
