"""A strict Mastodon on a loopback port: in a test by `StrictMastodon`, or as a process of its own.

`python -m tests.servers.strict_mastodon --port 0 [--ignore-keys] [--data FILE]` prints one JSON line with `base`,
`token` and `port`, and serves until it is killed; what it has accepted is in FILE, for the next start. From outside
`GET /_control` shows its statuses and `POST /_control` with a JSON object sets fields of `Behaviour`.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.servers.strict_api import Api
from tests.servers.strict_http import Answer, Refused, Request, serve
from tests.servers.strict_kin import FLAVOURS
from tests.servers.strict_oauth import OAuth
from tests.servers.strict_state import Behaviour, Memory

TOKEN = "strict-token-that-nobody-else-knows"


class StrictMastodon:
    """One server. `behaviour` may be changed at any time; `statuses` is what it has accepted, oldest first."""

    def __init__(self, data: Path | None = None, port: int = 0) -> None:
        self.memory = Memory(data)
        self.token = TOKEN
        if TOKEN not in self.memory.tokens:
            self.memory.token(TOKEN)
        api, oauth = Api(self.memory), OAuth(self.memory)
        self._routes: list[tuple[str, str, Callable[[Request], Answer]]] = [
            ("POST", r"/api/v1/statuses", api.post_status),
            ("GET", r"/api/v1/statuses/\d+", api.status),
            ("POST", r"/api/v[12]/media", api.upload),
            ("GET", r"/api/v1/media/\d+", api.media),
            ("GET", r"/api/v1/accounts/verify_credentials", api.verify_credentials),
            ("GET", r"/api/v1/accounts/\d+/statuses", api.account_statuses),
            ("GET", r"/api/v[12]/instance", api.instance),
            ("GET", r"/\.well-known/nodeinfo", api.nodeinfo),
            ("GET", r"/nodeinfo/2\.0", api.nodeinfo),
            ("POST", r"/api/v1/apps", oauth.register),
            ("GET", r"/oauth/authorize", oauth.form),
            ("POST", r"/oauth/authorize", oauth.decide),
            ("POST", r"/oauth/token", oauth.token),
            ("GET", r"/\.well-known/oauth-authorization-server", oauth.metadata),
        ]
        self._server = serve(self._answer, port)
        self.port = int(self._server.server_address[1])
        self.base = f"http://127.0.0.1:{self.port}"

    @property
    def behaviour(self) -> Behaviour:
        """What the server does, to be changed in place."""
        return self.memory.behaviour

    def becomes(self, flavour: str) -> None:
        """Behave as that software from now on: see `strict_kin.FLAVOURS`."""
        self.behaviour.flavour, self.behaviour.keys = flavour, FLAVOURS[flavour].keys

    @property
    def statuses(self) -> list[dict[str, Any]]:
        """Every status it has accepted, oldest first, with the plain `text` that was sent."""
        with self.memory.lock:
            return list(self.memory.statuses)

    @property
    def requests(self) -> list[tuple[str, str, dict[str, str]]]:
        """Every request as (method, path, headers in lower case), oldest first."""
        with self.memory.lock:
            return list(self.memory.requests)

    def __enter__(self) -> StrictMastodon:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        """Serve in this thread until the process ends."""
        self._server.serve_forever()

    def _answer(self, request: Request) -> Answer:
        if request.path == "/_control":
            return self._control(request)
        with self.memory.lock:
            heard = {name.lower(): value for name, value in request.headers.items()}
            self.memory.requests.append((request.method, request.path, heard))
            left, until = self.memory.hit(heard.get("authorization", "127.0.0.1"))
            reset = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            told = {
                # app/controllers/concerns/api/rate_limit_headers.rb: an ISO 8601 time with six decimals
                "X-RateLimit-Limit": str(self.behaviour.rate),
                "X-RateLimit-Remaining": str(max(left, 0)),
                "X-RateLimit-Reset": reset,
            }
            if left < 0:  # config/initializers/rack_attack.rb: throttled_responder
                return Answer(429, {"error": "Too many requests"}, told)
            try:
                answer = self._route(request)
            except Refused as refused:
                answer = refused.answer
            answer.headers = told | answer.headers
            return answer

    def _route(self, request: Request) -> Answer:
        for method, path, route in self._routes:
            if method == request.method and re.fullmatch(path, request.path):
                return route(request)
        return Answer(404, "<!doctype html><title>The page you were looking for doesn't exist.</title>")

    def _control(self, request: Request) -> Answer:
        with self.memory.lock:
            for name, value in request.values.items():
                setattr(self.behaviour, name, value)
            return Answer(body={"statuses": self.memory.statuses, "behaviour": asdict(self.behaviour)})


def main(arguments: list[str]) -> int:
    """Serve as a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ignore-keys", action="store_true")
    parser.add_argument("--data", type=Path)
    options = parser.parse_args(arguments)
    server = StrictMastodon(options.data, options.port)
    if options.ignore_keys:
        server.behaviour.keys = "ignored"
    line = json.dumps({"base": server.base, "token": server.token, "port": server.port})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
