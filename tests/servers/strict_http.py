"""Requests and answers of the strict servers, over http.server: forms, JSON, multipart, and answers that get lost."""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Upload:
    """A file of a multipart form."""

    name: str
    mime: str
    data: bytes


@dataclass(frozen=True)
class Request:
    """One request. `values` are those of query and body together; a name ending in `[]` gathers a list."""

    method: str
    path: str
    headers: Message
    values: Mapping[str, Any]
    files: Mapping[str, Upload]
    base: str
    body: bytes = b""

    def text(self, name: str) -> str:
        """Return a value as text, empty when it was not sent."""
        value = self.values.get(name)
        return "" if value is None else str(value)


@dataclass
class Answer:
    """What goes back. `fate` is what happens to it on the way: empty, `drop`, `reset`; `delay` is in seconds."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    fate: str = ""
    delay: float = 0.0


class Refused(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.answer = Answer(status, {"error": body} if isinstance(body, str) else body, headers or {})


Route = Callable[[Request], Answer]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 30
    route: Route

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        base = f"http://{self.headers.get('Host', '127.0.0.1')}"
        try:
            answer = type(self).route(_request(self.command, self.path, self.headers, body, base))
        except Refused as refused:
            answer = refused.answer
        if answer.delay:
            time.sleep(answer.delay)
        if answer.fate:
            self._lose(answer.fate)
        else:
            self._send(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _answer  # noqa: N815 - http.server's own names

    def _lose(self, fate: str) -> None:
        """Break the connection: politely (`drop`) or with a reset."""
        if fate == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()  # in earnest once `finish` lets go of it
        else:
            self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True

    def _send(self, answer: Answer) -> None:
        raw = isinstance(answer.body, (bytes, str))
        data = answer.body if raw else json.dumps(answer.body)
        data = data.encode() if isinstance(data, str) else data
        kind = "text/html; charset=utf-8" if raw else "application/json; charset=utf-8"
        try:
            # http.server dates an answer by this machine's clock; a server may have its own
            (self.send_response_only if "Date" in answer.headers else self.send_response)(answer.status)
            for name, value in ({"Content-Type": kind} | answer.headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except ConnectionError:
            self.close_connection = True  # the client has given up: what the test is about


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def shutdown_request(self, request: socket.socket | tuple[bytes, socket.socket]) -> None:
        """Close a connection, also one that a fate has closed before."""
        if isinstance(request, socket.socket) and request.fileno() == -1:
            return
        super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay quiet about a client that broke the connection, as tests make them do."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve(route: Route, port: int = 0) -> ThreadingHTTPServer:
    """Return a server on 127.0.0.1 that answers by `route`; the caller starts and stops it."""
    handler = type("Handler", (_Handler,), {"route": staticmethod(route)})
    return _Server(("127.0.0.1", port), handler)


def _request(method: str, target: str, headers: Message, body: bytes, base: str) -> Request:
    parts = urlsplit(target)
    pairs: list[tuple[str, Any]] = list(parse_qsl(parts.query, keep_blank_values=True))
    files: dict[str, Upload] = {}
    kind = headers.get("Content-Type", "")
    if kind.startswith("application/json"):
        pairs += _json_pairs(body)
    elif kind.startswith("multipart/form-data"):
        more, files = _multipart(kind, body)
        pairs += more
    elif body and not kind.startswith(("application/octet-stream", "image/")):
        pairs += parse_qsl(body.decode(), keep_blank_values=True)
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            values.setdefault(name[:-2], []).append(value)
        else:
            values[name] = value
    return Request(method, parts.path.rstrip("/") or "/", headers, values, files, base, body)


def _json_pairs(body: bytes) -> list[tuple[str, Any]]:
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise Refused(400, "There was a problem in the JSON you submitted") from error
    return list(value.items()) if isinstance(value, dict) else []


def _multipart(kind: str, body: bytes) -> tuple[list[tuple[str, Any]], dict[str, Upload]]:
    message = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body, policy=policy.HTTP)
    pairs: list[tuple[str, Any]] = []
    files: dict[str, Upload] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data = part.get_payload(decode=True)
        content = data if isinstance(data, bytes) else b""
        filename = part.get_filename()
        if filename is None:
            pairs.append((name, content.decode()))
        else:
            files[name] = Upload(filename, part.get_content_type(), content)
    return pairs, files
