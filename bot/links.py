"""When two links are the same: networks rewrite what they are given, and a look-up must know its own. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN = re.compile(r"[!-$&-~]*")  # printable ASCII without `%`: nothing to settle
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")


def normalise(url: str) -> str:
    """Return `url` in the one spelling that all equal spellings share (RFC 3986, section 6.2.2 and 6.2.3).

    Scheme and host in lower case, the host in ASCII (IDNA), the default port and the fragment gone, unreserved
    characters decoded, other escapes in upper case, white space and characters beyond ASCII escaped, an empty path as
    "/". Text that is no http(s) URL comes back as it is, without the white space around it.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return text
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return text
    netloc = _user(parts) + _host(parts.hostname)
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        netloc += f":{port}"
    return urlunsplit((scheme, netloc, _escapes(parts.path) or "/", _escapes(parts.query), ""))


def without_password(url: str) -> str:
    """Return an address for people to read: all that could be a password is "***"; rather too much than too little."""
    scheme, _, rest = url.partition("://")
    user, at, place = rest.rpartition("@")
    name = user.partition(":")[0]
    hidden = f"{name}:***" if ":" in user else name
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", f"{scheme}://{hidden}{at}{place}" if "://" in url else url)


def same_link(a: str, b: str) -> bool:
    """Whether both lead to the same page: equal after `normalise`, http and https being one."""
    return _without_scheme(normalise(a)) == _without_scheme(normalise(b))


def _without_scheme(url: str) -> str:
    return url.removeprefix("https:").removeprefix("http:")


def _user(parts: SplitResult) -> str:
    user, at, _ = parts.netloc.rpartition("@")
    return user + at


def _host(host: str) -> str:
    """Return the host in lower-case ASCII; one that IDNA refuses stays as it is. An IPv6 address keeps its brackets."""
    if ":" in host:
        return f"[{host.lower()}]"
    if host.isascii():
        return host.lower()
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return host.lower()


def _escapes(text: str) -> str:
    """Return `text` with its percent-encoding in one form; a stray `%` stays."""
    if _PLAIN.fullmatch(text):
        return text

    def settle(match: re.Match[str]) -> str:
        char = chr(int(match[0][1:], 16))
        return char if char in _UNRESERVED else match[0].upper()

    ascii_only = "".join(
        char if "!" <= char <= "~" else "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        for char in text
    )
    return _ESCAPE.sub(settle, ascii_only)
