"""Nostr's keys: BIP-340 signatures over secp256k1, and the bech32 names of NIP-19. Pure.

Written out rather than taken from a library: one signature for each post needs no speed (12 ms), and a compiled
dependency has no wheels for a new Python. It is not constant-time: no one can time it who could not read the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from bot.credentials import Unshown

# https://github.com/bitcoin/bips/blob/master/bip-0340.mediawiki
_FIELD = 2**256 - 2**32 - 977
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_BASE = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32 = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)

Point = tuple[int, int] | None


class Keys(Unshown, frozen=True):
    """A key pair. `public` is 64 hex digits; the secret one does not show itself."""

    public: str
    secret: int

    def sign(self, digest: bytes, random: bytes = bytes(32)) -> str:
        """Return the BIP-340 signature of 32 bytes, in hex. The same `random` gives the same signature."""
        public = bytes.fromhex(self.public)
        masked = (self.secret ^ int.from_bytes(_tagged("BIP0340/aux", random))).to_bytes(32)
        nonce = int.from_bytes(_tagged("BIP0340/nonce", masked + public + digest)) % _ORDER
        point = _times(_BASE, nonce)
        if point is None:  # a nonce of zero: one chance in 2**256
            raise ArithmeticError("no signature with this nonce")
        if point[1] % 2:
            nonce = _ORDER - nonce
        head = point[0].to_bytes(32)
        challenge = int.from_bytes(_tagged("BIP0340/challenge", head + public + digest)) % _ORDER
        return (head + ((nonce + challenge * self.secret) % _ORDER).to_bytes(32)).hex()


def read_secret(text: str) -> Keys:
    """Return the keys of `nsec1…` or of 64 hex digits. Raises `ValueError`, which does not show what was read."""
    text = text.strip()
    if text.lower().startswith("npub1"):
        raise ValueError("it is a public key (npub1…), and the secret one (nsec1…) is needed")
    if text.lower().startswith("nsec1"):
        raw = decode("nsec", text)
    else:
        try:
            raw = bytes.fromhex(text)
        except ValueError:
            raw = b""
    secret = int.from_bytes(raw)
    if len(raw) != 32 or not 0 < secret < _ORDER:
        raise ValueError("it is neither nsec1… nor 64 hex digits")
    point = _times(_BASE, secret)
    if point is None:
        raise ValueError("it is no key")
    return Keys(f"{point[0]:064x}", secret if point[1] % 2 == 0 else _ORDER - secret)


def encode(name: str, data: bytes) -> str:
    """Return `data` as bech32 under a human-readable part (`npub`, `nevent`…). NIP-19 knows no limit of length."""
    five = _regroup(data, 8, 5, pad=True)
    check = _polymod([*_expanded(name), *five, *[0] * 6]) ^ 1
    tail = [(check >> 5 * (5 - index)) & 31 for index in range(6)]
    return f"{name}1{''.join(_ALPHABET[value] for value in [*five, *tail])}"


def decode(name: str, text: str) -> bytes:
    """Return the data of a bech32 text under `name`. Raises `ValueError` where it is mistyped."""
    lower = text.lower()
    head, _, body = lower.rpartition("1")
    values = [_ALPHABET.find(sign) for sign in body]
    mistyped = text not in (lower, text.upper()) or head != name or -1 in values or len(values) < 6
    if mistyped or _polymod([*_expanded(name), *values]) != 1:
        raise ValueError(f"it is mistyped: its checksum is not that of a {name}")
    return bytes(_regroup(values[:-6], 5, 8, pad=False))


def _tagged(tag: str, data: bytes) -> bytes:
    prefix = hashlib.sha256(tag.encode()).digest() * 2
    return hashlib.sha256(prefix + data).digest()


def _add(a: Point, b: Point) -> Point:
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if a[1] != b[1] or a[1] == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, _FIELD) % _FIELD
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, _FIELD) % _FIELD
    x = (slope * slope - a[0] - b[0]) % _FIELD
    return x, (slope * (a[0] - x) - a[1]) % _FIELD


def _times(point: Point, factor: int) -> Point:
    total: Point = None
    while factor:
        if factor & 1:
            total = _add(total, point)
        point = _add(point, point)
        factor >>= 1
    return total


def _expanded(name: str) -> list[int]:
    return [ord(sign) >> 5 for sign in name] + [0] + [ord(sign) & 31 for sign in name]


def _polymod(values: Iterable[int]) -> int:
    """The checksum of BIP-173."""
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for index, generator in enumerate(_BECH32):
            check ^= generator if (top >> index) & 1 else 0
    return check


def _regroup(values: Iterable[int], size: int, wanted: int, *, pad: bool) -> list[int]:
    """Cut a stream of `size`-bit values into `wanted`-bit ones; the rest is filled with zeros, or dropped."""
    held = bits = 0
    found = []
    for value in values:
        held, bits = (held << size | value) & 0xFFF, bits + size
        while bits >= wanted:
            bits -= wanted
            found.append(held >> bits & ((1 << wanted) - 1))
    if pad and bits:
        found.append(held << (wanted - bits) & ((1 << wanted) - 1))
    return found
