"""A careless or hostile caller on a real connection: sends exactly the bytes it is given."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_CHUNKED = re.compile(rb"(?im)^transfer-encoding: *chunked")
_LENGTH = re.compile(rb"(?im)^content-length: *(\d+)")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


@dataclass(frozen=True)
class Answer:
    """What came back. `headers` have lower-case names; `data` is the JSON, None where it is no JSON."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def data(self) -> Any:
        return json.loads(self.content) if "json" in self.headers.get("content-type", "") else None

    @property
    def problems(self) -> set[tuple[str, str]]:
        """Field and code of each problem."""
        return {(problem["field"], problem["code"]) for problem in self.data["problems"]}

    def said(self) -> str:
        """All that a person is told."""
        return self.content.decode("utf-8")


def exchange(port: int, raw: bytes, *, timeout: float = 20) -> bytes:
    """All that the server sends in answer to these bytes until it closes or says no more."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as line:
        found = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            line.sendall(raw)  # when it has heard enough, what it said is still to be read
        with contextlib.suppress(ConnectionResetError):
            while not _whole(found):
                part = line.recv(65536)
                if not part:
                    break
                found += part
        return found


def _whole(raw: bytes) -> bool:
    head, end, body = raw.partition(b"\r\n\r\n")
    if not end:
        return False
    if _CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n")
    length = _LENGTH.search(head)
    return length is not None and len(body) >= int(length[1])


def parsed(raw: bytes) -> Answer:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    if _CHUNKED.search(head):
        body = _joined(body)
    headers = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return Answer(int(first.split()[1]), headers, body)


def _joined(body: bytes) -> bytes:
    """The content of a chunked body."""
    found = b""
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        found, body = found + rest[:length], rest[length + 2 :]
        if not length:
            break
    return found


class Caller:
    """Calls of one person on the server at `port`."""

    def __init__(self, port: int, token: str = "", user: str = "", partition: str = "") -> None:
        self.port, self.token, self.user, self.partition = port, token, user, partition

    def send(
        self,
        method: str,
        target: str | bytes,
        body: bytes = b"",
        headers: Mapping[str, str | bytes] | None = None,
    ) -> Answer:
        """`target` is the whole target as it goes over the wire."""
        given: dict[str, str | bytes] = {
            "Host": f"127.0.0.1:{self.port}", "Accept-Language": "ja", "Content-Type": "application/json",
            "Content-Length": str(len(body)), "Connection": "close",
        }  # fmt: skip
        if self.token:
            given["Authorization"] = f"Bearer {self.token}"
        given.update(headers or {})
        lines = [_bytes(method) + b" " + _bytes(target) + b" HTTP/1.1"]
        lines += [_bytes(name) + b": " + _bytes(value) for name, value in given.items() if value != "-"]
        return parsed(exchange(self.port, b"\r\n".join(lines) + b"\r\n\r\n" + body))

    def get(self, path: str | bytes, **headers: str | bytes) -> Answer:
        return self.send("GET", b"/api/v1" + _bytes(path), headers=_named(headers))

    def post(
        self, path: str | bytes, body: object = None, *, key: str | None = "", **headers: str | bytes
    ) -> Answer:
        """`body` is a JSON value or raw bytes; `key` None sends no Idempotency-Key, "" a new one."""
        raw = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        named = _named(headers)
        if key is not None:
            named["Idempotency-Key"] = key or uuid.uuid4().hex
        return self.send("POST", b"/api/v1" + _bytes(path), raw, named)

    def upload(self, path: str, name: str, content: bytes) -> Answer:
        """Sends a file as a browser would."""
        edge = uuid.uuid4().hex.encode()
        head = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n' % (
            edge,
            name.encode(),
        )
        body = head + b"Content-Type: application/pdf\r\n\r\n" + content + b"\r\n--%s--\r\n" % edge
        kind = b"multipart/form-data; boundary=" + edge
        return self.send("POST", b"/api/v1" + _bytes(path), body, {"Content-Type": kind})


def _named(headers: Mapping[str, str | bytes]) -> dict[str, str | bytes]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")
