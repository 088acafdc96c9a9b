"""What the strict fakes of small networks share: a loopback server that can lose answers and limit its rate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.servers.strict_http import Answer, Refused, Request, serve


class StrictService:
    """One server. `held` is what it has taken in, oldest first.

    `fates` are spent one for each announcing request: `drop`, `reset`, `500`, `not-json` after it was accepted;
    `before:500` and `before:drop` before. `limited` is for how many seconds announcing is refused, None for not at all.
    """

    token = ""
    """The secret that it takes."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.fates: list[str] = []
        self.limited: int | None = None
        self.held: list[dict[str, Any]] = []
        self.requests: list[Request] = []
        self._server = serve(self._answer)
        self.port = int(self._server.server_address[1])
        self.base = f"http://127.0.0.1:{self.port}"

    def route(self, request: Request) -> Answer:
        """Answer one request, under the lock; a subclass says how."""
        raise NotImplementedError

    def too_many(self, seconds: int) -> Refused:
        """Return the network's own refusal of one request too many."""
        raise NotImplementedError

    def announcing(self, accept: Callable[[], Answer]) -> Answer:
        """Let a request that announces through, unless the rate or a fate is against it."""
        if self.limited is not None:
            raise self.too_many(self.limited)
        fate = self.fates.pop(0) if self.fates else ""
        if fate.startswith("before:"):
            return _spoiled(Answer(), fate.removeprefix("before:"))
        return _spoiled(accept(), fate)

    def _answer(self, request: Request) -> Answer:
        with self.lock:
            self.requests.append(request)
            return self.route(request)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _spoiled(answer: Answer, fate: str) -> Answer:
    match fate:
        case "":
            return answer
        case "500":
            return Answer(500, "<h1>Something went wrong</h1>")
        case "not-json":
            return Answer(200, "<h1>A proxy was here</h1>")
        case _:
            answer.fate = fate
            return answer
