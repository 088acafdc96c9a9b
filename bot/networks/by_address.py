"""The facts of what sends to an address: e-mail, a webhook, whatever Apprise knows. Pure data."""

from __future__ import annotations

from bot.networks.facts import Guarantee, Kind, Network, Option, SecretKey, Unit

EMAIL = Network(
    name="email",
    title="E-mail",
    publisher="bot.publishers.email_smtp:Email",
    limit=10_000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.ASK,
    options=(
        Option("to", "The address it goes to: a mailing list, most likely.", required=True),
        Option("from", "The sender's address.", required=True),
        Option("server", "The mail server, host:port.", required=True),
        Option(
            "security",
            "How the connection is kept private: `starttls`, `tls` or `none`.",
            default="starttls",
            choices=("starttls", "tls", "none"),
        ),
        Option("auth", "Log in with a `password`, or `none`.", default="password", choices=("password", "none")),
        Option("user", "The user at the mail server, where it is not the sender's address."),
        Option("list_id", "The mails' List-Id, where it is not made from account and sender."),
    ),
    secrets=(SecretKey("password", "from your mail provider (often an app password)", when=("auth", "password")),),
    images=4,
)

WEBHOOK = Network(
    name="webhook",
    title="A webhook",
    publisher="bot.publishers.webhook:Webhook",
    limit=10_000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.ASK,
    options=(Option("url", "The address that gets the announcement, as JSON.", Kind.URL, required=True),),
    secrets=(SecretKey("signing_secret", "by making one up, and telling it the receiver: openssl rand -hex 32"),),
    record_tags=8,
    card=True,
    images=4,
)

APPRISE = Network(
    name="apprise",
    title="Anything else, through Apprise",
    warns=True,
    publisher="bot.publishers.through_apprise:ThroughApprise",
    limit=1000,
    unit=Unit.GRAPHEMES,
    guarantee=Guarantee.ASK,
    secrets=(SecretKey("service_url", "from appriseit.com/services: the address of your service, its secrets in it"),),
)
