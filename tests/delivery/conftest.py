"""The office that lends equipment, a real mail server and a real receiver of webhooks on this machine."""

from __future__ import annotations

import gettext
import socket
import sys
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "cases"))


@pytest.fixture
def office(database):
    from lending_office import NOW, Office

    from kiban.ops import clock

    clock.set_clock(NOW)
    yield Office()
    from kiban.delivery import sender

    sender.close()
    clock.set_clock(None)


@pytest.fixture
def translated() -> None:
    """The Japanese of the program, compiled."""
    from django.utils.translation import trans_real

    from kiban.ops.assets import compile_translations

    compile_translations()
    gettext._translations.clear()  # what was read before is read again
    trans_real._translations.clear()
    trans_real._default = None


class Post:
    """What a mail server on this machine received; `say` is its answer to the next messages."""

    def __init__(self) -> None:
        self.received: list[Any] = []
        self.answers: list[str] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            mail = message_from_bytes(envelope.content, policy=policy.default)
            self.received.append((envelope.rcpt_tos, mail))
        return answer


@pytest.fixture
def post(settings, translated) -> Iterator[Post]:
    """A real SMTP server; Django's own backend talks to it."""
    from aiosmtpd.controller import Controller

    handler = Post()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.DEFAULT_FROM_EMAIL = "kiban@example.lg.jp"
    yield handler
    controller.stop()


class Receiver:
    """What a web server on this machine was told; `answers` are its next statuses."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                content = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.calls.append(({k.lower(): v for k, v in self.headers.items()}, content))
                status, headers = receiver.answers.pop(0) if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in {"Content-Length": "0", **headers}.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                return

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()


@pytest.fixture
def receiver(settings) -> Iterator[Receiver]:
    """A real HTTP server on 127.0.0.1, which the test setting allows to be called."""
    settings.KIBAN_WEBHOOK_LOOPBACK = True
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()
