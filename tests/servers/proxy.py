"""A proxy between the bot and any HTTP server, which loses, cuts and delays what real networks lose, cut and delay.

    with Proxy(server.base) as proxy:
        proxy.inject(Cut(), on="putRecord")   # the next one only; `times=None` for all
        ...
        assert ["POST /xrpc/com.atproto.repo.putRecord"] == proxy.requests

Each request travels on a connection of its own. The server has done its work before an answer is lost.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, 0 s: close() sends RST


@dataclass(frozen=True, slots=True)
class Reset:
    """Reset the connection when `after` bytes of the request were read; nothing of it reaches the server."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Cut:
    """Deliver the request, wait for the answer, pass on its first `keep` bytes, and close."""

    keep: int = 0


@dataclass(frozen=True, slots=True)
class Hang:
    """Deliver the request, wait for the answer, and keep it back until the client or the proxy goes away."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Read the request, deliver nothing of it, and say nothing until the client or the proxy goes away."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Deliver the request and pass the answer on `seconds` later."""

    seconds: float


Fault = Reset | Cut | Hang | Hold | Delay


@dataclass(slots=True)
class _Planned:
    fault: Fault
    on: str
    times: int | None


class Proxy:
    """A TCP proxy on a loopback port of its own, in front of the http server at `target` (its base URL)."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self._target = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._planned: list[_Planned] = []
        self._lock = threading.Lock()
        self._gone = threading.Event()
        self.requests: list[str] = []
        """Method and path (without the query) of every request whose head was read, in order."""
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]
        self.base = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def inject(self, fault: Fault, *, on: str = "", times: int | None = 1) -> None:
        """Do this to the next `times` requests (None: all from now on) whose "METHOD /path" holds `on`."""
        with self._lock:
            self._planned.append(_Planned(fault, on, times))

    def heal(self) -> None:
        """Pass everything on again."""
        with self._lock:
            self._planned.clear()

    def refuse(self) -> None:
        """Stop listening: connections are refused until `accept`."""
        with contextlib.suppress(OSError):  # not connected: the accepting thread may have left already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def accept(self) -> None:
        """Listen again, on the same port."""
        self._listener = self._listen(self.port)

    def count(self, on: str) -> int:
        """How many requests so far hold `on` in their "METHOD /path"."""
        return sum(on in line for line in self.requests)

    def close(self) -> None:
        """Refuse from now on, and let go of every connection that is kept hanging."""
        self._gone.set()
        self.refuse()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, args=(listener,), daemon=True).start()
        return listener

    def _serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # closed by `refuse`
            threading.Thread(target=self._handle, args=(client,), daemon=True).start()

    def _handle(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):  # either side may leave at any time: that is what this is for
            client.settimeout(60)
            self._relay(client)

    def _relay(self, client: socket.socket) -> None:
        received = _read_head(client)
        if not received:
            return
        method, path, _ = received.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
        line = f"{method} {path.split('?')[0]}"
        fault = self._fate(line)
        if isinstance(fault, Reset):
            while len(received) < fault.after and (more := client.recv(fault.after - len(received))):
                received += more
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            return
        received += _read_body(client, received)
        if isinstance(fault, Hold):
            self._wait(client)
            return
        self._answer(client, fault, self._ask(received))

    def _answer(self, client: socket.socket, fault: Fault | None, answer: bytes) -> None:
        match fault:
            case Cut(keep):
                client.sendall(answer[:keep])
            case Hang():
                self._wait(client)
            case Delay(seconds):
                self._gone.wait(seconds)
                client.sendall(answer)
            case _:
                client.sendall(answer)

    def _wait(self, client: socket.socket) -> None:
        while not self._gone.wait(0.05) and not _left(client):
            pass

    def _fate(self, line: str) -> Fault | None:
        with self._lock:
            self.requests.append(line)
            for planned in self._planned:
                if planned.on in line:
                    if planned.times is not None:
                        planned.times -= 1
                        if not planned.times:
                            self._planned.remove(planned)
                    return planned.fault
        return None

    def _ask(self, request: bytes) -> bytes:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        with socket.create_connection(self._target, timeout=60) as server:
            server.sendall(b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body)
            answer = b""
            while chunk := server.recv(65536):
                answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        if b"\r\nconnection:" not in head.lower():  # else a client sends its next request where nobody reads any more
            head += b"\r\nConnection: close"
        return head + b"\r\n\r\n" + body


def _read_head(client: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = client.recv(65536)
        if not chunk:
            return b""
        received += chunk
    return received


def _read_body(client: socket.socket, received: bytes) -> bytes:
    """Return the bytes of the request that are still to come, by Content-Length or to the last chunk."""
    head, _, body = received.partition(b"\r\n\r\n")
    headers = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:])
    rest = b""
    length = int(headers.get(b"content-length", b"0"))
    chunked = b"chunked" in headers.get(b"transfer-encoding", b"")
    while len(body) + len(rest) < length or (chunked and not (body + rest).endswith(b"0\r\n\r\n")):
        chunk = client.recv(65536)
        if not chunk:
            break
        rest += chunk
    return rest


def _left(client: socket.socket) -> bool:
    client.setblocking(False)
    try:
        return client.recv(1) == b""
    except BlockingIOError:
        return False
