"""Log lines as JSON, without personal data: no query strings, no bodies, no text of errors in production."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson

from kiban.ops import config
from kiban.ops.home import REPO

_STANDARD = set(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "request",
    "status_code",
}


class JsonFormatter(logging.Formatter):
    """One JSON object per line; what a record carries in `extra` becomes its own keys."""

    def __init__(self) -> None:
        super().__init__()
        self.with_error_text = config.mode() != "production"

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        line.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = self._error(record.exc_info[1])
        return orjson.dumps(line, default=str, option=orjson.OPT_NON_STR_KEYS).decode()

    def _error(self, error: BaseException) -> dict[str, Any]:
        """Type and place of an error. Its text may quote what somebody typed: kept out in production."""
        found: dict[str, Any] = {"type": type(error).__qualname__, "frames": _frames(error.__traceback__)}
        if self.with_error_text:
            found["text"] = str(error)[:2000].encode("utf-8", "backslashreplace").decode()
        if error.__cause__ is not None:
            found["cause"] = self._error(error.__cause__)
        return found


def _frames(trace: TracebackType | None) -> list[str]:
    prefix = f"{REPO}/"
    return [
        f"{f.filename.removeprefix(prefix)}:{f.lineno} {f.name}" for f in traceback.extract_tb(trace)[-12:]
    ]
