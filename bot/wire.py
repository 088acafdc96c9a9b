"""What the one HTTP client stands on: sockets that keep to a deadline, and to public addresses where they must.

Heavy (httpx, httpcore, ssl): `bot.http` imports it when it first speaks.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import ssl
import sys
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from functools import cache
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpcore
from msgspec import Struct

# httpx brings in a command line of its own, with rich and pygments, where those are installed: more than half of what
# it costs to import. With None in its place Python says "no such module", and httpx goes on without it.
_absent = "httpx._main" not in sys.modules
if _absent:
    sys.modules["httpx._main"] = None  # type: ignore[assignment]
import httpx  # noqa: E402

if _absent:
    del sys.modules["httpx._main"]

_PIECE = 1 << 18
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddress(httpcore.ConnectError):
    """The host has an address that is not on the public internet; nothing was connected."""


class Bound(Struct, frozen=True):
    """When the present call must be over, by the monotonic clock."""

    at: float

    def left(self, timeout: float | None) -> float:
        """The seconds an operation may still take, at most `timeout`; zero or less when time is up."""
        rest = self.at - time.monotonic()
        return rest if timeout is None else min(rest, timeout)


BOUND: ContextVar[Bound] = ContextVar("BOUND")


def client(agent: str, *, public_only: bool) -> httpx.Client:
    """Make a client that follows no redirects, keeps no cookies, heeds no proxy variables and minds `BOUND`."""
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)  # below, they log addresses and headers
    return httpx.Client(
        transport=_Transport(public_only=public_only),
        headers={"User-Agent": agent, "Accept-Encoding": "gzip, deflate, br"},
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        follow_redirects=False,
    )


def body_of(answer: httpx.Response) -> Iterator[bytes]:
    """The body, decoded, in pieces of bounded size.

    Brotli is not left to httpx, which decodes all that came in one read at once: a kilobyte can become a gigabyte.
    """
    codings = answer.headers.get("content-encoding", "").replace(" ", "").lower().split(",")
    if codings == ["br"]:
        return _unbrotli(answer)
    return answer.iter_raw() if "br" in codings else answer.iter_bytes()


def _unbrotli(answer: httpx.Response) -> Iterator[bytes]:
    import brotli  # type: ignore[import-untyped]

    decoder, is_whole = brotli.Decompressor(), True
    try:
        for piece in answer.iter_raw():
            yield decoder.process(piece, output_buffer_limit=_PIECE)
            while not decoder.can_accept_more_data() and not decoder.is_finished():
                yield decoder.process(b"", output_buffer_limit=_PIECE)
            is_whole = decoder.is_finished()
    except brotli.error:
        is_whole = False
    if not is_whole:
        raise httpx.DecodingError("it is no Brotli, or breaks off", request=answer.request)


@cache
def _trust() -> ssl.SSLContext:
    """The certificates we go by. Reading them costs 25 ms, so it waits for the first connection that needs them."""
    context = httpx.create_ssl_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet, also by the IPv4 address that an IPv6 one wraps."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            wrapped = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


class _Transport(httpx.HTTPTransport):
    """httpx's own, over our sockets. Only the connecting is tried twice."""

    def __init__(self, *, public_only: bool) -> None:
        nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts no one; `_Stream` has the one that does
        super().__init__(verify=nobody)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=nobody,
            max_connections=20,
            max_keepalive_connections=10,
            keepalive_expiry=5.0,
            retries=1,
            network_backend=_Backend(public_only=public_only),
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, *, public_only: bool) -> None:
        self._public_only = public_only
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Resolve once, check every address, and connect to one of those: a second answer of DNS changes nothing."""
        failure: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._addresses(host, port):
            left = BOUND.get().left(timeout)
            if left <= 0:
                raise httpcore.ConnectTimeout("no connection in time")
            try:
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Stream(stream)
        raise failure or httpcore.ConnectError("the host has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label that no host name can have
            raise httpcore.ConnectError(f"{host} cannot be resolved: {error}") from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        if self._public_only:
            for address in addresses:
                if not is_public(address):
                    raise PrivateAddress(f"{host} is at {address}, which is not on the public internet")
        return addresses


class _Stream(httpcore.NetworkStream):
    """A connection; each read and write ends by the deadline of the call that is being made on it."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = BOUND.get().left(timeout)
        if left <= 0:
            raise httpcore.ReadTimeout("no answer in time")
        return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write in pieces, since a server that reads slowly would get a new time-out for every one."""
        for start in range(0, len(buffer), 16384):
            left = BOUND.get().left(timeout)
            if left <= 0:
                raise httpcore.WriteTimeout("not sent in time")
            self._stream.write(buffer[start : start + 16384], left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        del ssl_context  # the one that trusts no one
        left = BOUND.get().left(timeout)
        if left <= 0:
            raise httpcore.ConnectTimeout("no connection in time")
        return _Stream(self._stream.start_tls(_trust(), server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
