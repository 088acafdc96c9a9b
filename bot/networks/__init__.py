"""The facts of each network: limits, how it counts, its options and secrets, what it can prove. Pure data.

The command line, the configuration's keys, `check` and the table in the docs are derived from here, so a new network is
an entry in `NETWORKS`, a file in `bot/publishers/`, a test class and a section in `config.example.toml`.
"""

from __future__ import annotations

from bot.networks.by_address import APPRISE, EMAIL, WEBHOOK
from bot.networks.facts import (
    DEFAULT_TEMPLATE,
    Guarantee,
    Kind,
    LinkStyle,
    Network,
    Option,
    Pictures,
    Prices,
    SecretKey,
    Unit,
)
from bot.networks.one_company import DISCORD, LINKEDIN, SLACK, TELEGRAM, THREADS, X
from bot.networks.own_server import BLUESKY, LOCAL, MASTODON, MATRIX, MICROPUB, NOSTR

__all__ = [
    "APPRISE",
    "BLUESKY",
    "DEFAULT_TEMPLATE",
    "DISCORD",
    "EMAIL",
    "LINKEDIN",
    "LOCAL",
    "MASTODON",
    "MATRIX",
    "MICROPUB",
    "NETWORKS",
    "NOSTR",
    "SLACK",
    "TELEGRAM",
    "THREADS",
    "WEBHOOK",
    "Guarantee",
    "Kind",
    "LinkStyle",
    "Network",
    "Option",
    "Pictures",
    "Prices",
    "SecretKey",
    "Unit",
    "X",
]

NETWORKS: dict[str, Network] = {
    network.name: network
    for network in (
        MASTODON,
        BLUESKY,
        X,
        LOCAL,
        MICROPUB,
        NOSTR,
        MATRIX,
        THREADS,
        LINKEDIN,
        TELEGRAM,
        DISCORD,
        SLACK,
        EMAIL,
        WEBHOOK,
        APPRISE,
    )
}
