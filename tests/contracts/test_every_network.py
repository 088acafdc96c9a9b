"""Every network is held to each part of the contract that it has a feature for; what is not is named, with why."""

from __future__ import annotations

import pytest

from bot.networks import NETWORKS, Guarantee
from bot.testing import CarriesPictures, LosesAnswers, LosesAnswersUnseen, Publishes, Refuses, SendsParts
from tests.contracts.test_chat import TestDiscord, TestLinkedIn, TestSlack, TestTelegram, TestWebhook
from tests.contracts.test_email import TestEmail
from tests.contracts.test_mastodon import TestMastodon
from tests.contracts.test_threads import TestThreads
from tests.contracts.test_x import TestXWithKeys
from tests.publishers.test_bluesky import TestBluesky
from tests.publishers.test_matrix import TestMatrix
from tests.publishers.test_micropub import TestMicropubForm
from tests.publishers.test_nostr import TestNostr

SUITES: dict[str, type] = {
    "mastodon": TestMastodon,
    "bluesky": TestBluesky,
    "x": TestXWithKeys,
    "micropub": TestMicropubForm,
    "nostr": TestNostr,
    "matrix": TestMatrix,
    "threads": TestThreads,
    "linkedin": TestLinkedIn,
    "telegram": TestTelegram,
    "discord": TestDiscord,
    "slack": TestSlack,
    "email": TestEmail,
    "webhook": TestWebhook,
}
BESIDE = {
    "local": "a folder has no log-in and no wire: test_local.py, and tests/publishers/test_local.py for pictures",
    "apprise": "Apprise tells no refusal from a lost answer, and gives nothing back: test_apprise.py",
}
IN_ONE = {"micropub", "linkedin", "email", "webhook"}  # several parts are one post there, or refused (LinkedIn)

for _suite in SUITES.values():
    del globals()[_suite.__name__]  # its tests run where it stands, not here again


def test_no_network_is_left_out() -> None:
    """Each has its suite, or a reason."""
    assert set(NETWORKS) == set(SUITES) | set(BESIDE)


@pytest.mark.parametrize("name", SUITES)
def test_each_runs_what_it_has_a_feature_for(name: str) -> None:
    """Posting and refusals; lost answers, found or asked; pictures; threads."""
    network, suite = NETWORKS[name], SUITES[name]
    assert issubclass(suite, Publishes)
    assert issubclass(suite, Refuses)
    assert issubclass(suite, LosesAnswersUnseen if network.guarantee is Guarantee.ASK else LosesAnswers)
    assert bool(network.images) == issubclass(suite, CarriesPictures)
    assert (name not in IN_ONE) == issubclass(suite, SendsParts)
    assert network.threads or name in IN_ONE
