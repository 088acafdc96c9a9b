"""The contract every state store passes. Ships with the package, beside `bot.testing`, for a store of your own.

Inherit `StoreContract` in a pytest class whose name begins with `Test`, and fill in the hook:

    class TestMyStore(StoreContract):
        def open_store(self) -> Store: ...

`open_store` is called several times in a test, and must open one and the same store, empty at the start of each test.
Needs no pytest to be imported.
"""

from __future__ import annotations

from bot.testing_store.making import (
    LEASE,
    NOW,
    SECOND,
    known_post,
    loses,
    nobody,
    planned,
    receipt_of,
    words_for,
)
from bot.testing_store.outbox import Claiming, Fencing, Settling
from bot.testing_store.planning import Enqueueing, Remembering

__all__ = [
    "LEASE", "NOW", "SECOND", "Claiming", "Enqueueing", "Fencing", "Remembering", "Settling", "StoreContract",
    "known_post", "loses", "nobody", "planned", "receipt_of", "words_for",
]  # fmt: skip


class StoreContract(Enqueueing, Remembering, Claiming, Fencing, Settling):
    """All of it."""
