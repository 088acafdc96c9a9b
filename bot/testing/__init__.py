"""The contract every publisher passes. Ships with the package, so that a network of your own can be held to it too.

Inherit `PublisherContract` in a pytest class whose name begins with `Test`, and fill in the hooks:

    class TestMyNetwork(PublisherContract):
        def make(self) -> Publisher: ...

The suite is made of smaller ones, for a network (or an emulator of one) that cannot do everything: `PublishesOnce`,
`RepeatsHarmlessly`, `Refuses`, `LosesAnswers`; one where nobody can look passes `AskContract`. For pictures add
`CarriesPictures`, for threads `SendsParts`. Use a real server, or one of your own on a loopback socket: a mock would
only repeat what you believe. Needs no pytest to be imported.
"""

from __future__ import annotations

from bot.testing.making import Attempt, MemoryVault, access, announcement, attempt, raised
from bot.testing.publisher import (
    A_WHILE,
    AskContract,
    CarriesPictures,
    Copy,
    Looks,
    LosesAnswers,
    LosesAnswersUnseen,
    PublisherContract,
    Publishes,
    PublishesOnce,
    Refuses,
    RepeatsHarmlessly,
    SendsParts,
)

__all__ = [
    "A_WHILE",
    "AskContract",
    "Attempt",
    "CarriesPictures",
    "Copy",
    "Looks",
    "LosesAnswers",
    "LosesAnswersUnseen",
    "MemoryVault",
    "PublisherContract",
    "Publishes",
    "PublishesOnce",
    "Refuses",
    "RepeatsHarmlessly",
    "SendsParts",
    "access",
    "announcement",
    "attempt",
    "raised",
]
