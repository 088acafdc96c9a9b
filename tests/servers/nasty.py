"""Servers that repeat whatever they are told, as badly written ones do in their errors: over HTTP and SMTP."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from tests.servers.strict_http import Answer, Request, serve

FATES = ("refused", "broken", "limited", "elsewhere", "babble", "json", "cut", "split")
"""What becomes of a request: 401, 500, 429, a redirect, a page, strange JSON, no answer; `split` is a long 422."""


class Nasty:
    """Both servers. `fate` says how the HTTP one answers; `heard` is all that either was told."""

    def __init__(self) -> None:
        self.fate = "refused"
        self.heard: list[str] = []
        self.base, self.port = "", 0

    @contextmanager
    def running(self) -> Iterator[Nasty]:
        """Serve on two ports of this machine."""
        web = serve(self._answer)
        mail = socketserver.ThreadingTCPServer(("127.0.0.1", 0), _mail(self))
        mail.daemon_threads = True
        for server in (web, mail):
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.base, self.port = f"http://127.0.0.1:{web.server_address[1]}", int(mail.server_address[1])
        try:
            yield self
        finally:
            for server in (web, mail):
                server.shutdown()
                server.server_close()

    def _answer(self, request: Request) -> Answer:
        told = _told(request)
        self.heard.append(told)
        match self.fate:
            case "broken":
                return Answer(500, _words(told, request))
            case "limited":
                return Answer(429, _words(told, request), {"Retry-After": "60"})
            case "elsewhere":
                return Answer(302, "", {"Location": f"{self.base}/moved?told={quote(told)}"})
            case "babble":
                return Answer(200, f"<h1>{told}</h1>")
            case "json":
                return Answer(200, {"told": told})
            case "cut":
                return Answer(fate="drop")
            case "split":
                return Answer(422, _words("." * 270 + told, request))
        return Answer(401, _words(told, request), {"WWW-Authenticate": f'Bearer error="invalid_token" {told[:99]}'})


def _told(request: Request) -> str:
    """All of a request on one line, what is likely to be secret first, and once more as it was before base64."""
    given = request.headers.get("Authorization", "")
    kind, _, text = given.partition(" ")
    if kind == "Basic":
        given = f"{given} {base64.b64decode(text).decode('utf-8', 'replace')}"
    rest = {name: value for name, value in request.headers.items() if name != "Authorization"}
    values = {name: str(value)[:200] for name, value in request.values.items()}
    lines = [given, request.path, json.dumps(values), json.dumps(rest), request.body[:2000].decode("utf-8", "replace")]
    return " ".join(" ".join(lines).split())


def _words(told: str, request: Request) -> Mapping[str, Any]:
    """An error in every shape that the networks know."""
    names = ("error_description", "error_message", "message", "detail", "description", "title", "reason")
    error: Any = told
    if request.path.startswith("/v1.0") or "access_token" in request.path:
        error = {"message": told, "error_user_msg": told, "code": 190, "type": "OAuthException"}
    return dict.fromkeys(names, told) | {"error": error, "errors": [{"message": told}], "errcode": "M_UNKNOWN"}


def _mail(nasty: Nasty) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        """Lets everybody in to AUTH, and then refuses them with their own words."""

        timeout = 10

        def handle(self) -> None:
            said: list[str] = []
            self._say("220 here")
            while line := self.rfile.readline():
                text = line.decode("utf-8", "replace").strip()
                said.append(text)
                nasty.heard.append(f"{text} {_decoded(text)}")
                if text.upper().startswith("EHLO"):
                    self._say("250-here\r\n250 AUTH PLAIN LOGIN")
                else:
                    told = " ".join([*said[1:], *map(_decoded, said[1:])])
                    self._say(f"535 you said {told}")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

    return Handler


def _decoded(line: str) -> str:
    """What stands behind base64 in a line of SMTP, NUL as a blank."""
    try:
        return base64.b64decode(line.rpartition(" ")[2], validate=True).decode().replace("\0", " ")
    except ValueError:
        return ""
