"""From an account's configuration, and what its server told of its limits, to the formatter's rules. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from bot.config.model import AccountConfig, Config
from bot.formatter.card import own_card
from bot.formatter.compose import compose, over_limit
from bot.formatter.cost import cost
from bot.formatter.leftovers import leftovers
from bot.formatter.pictures import Picture, Wanted, lacking, left_out, wanted, warnings
from bot.formatter.rules import Rules
from bot.model import Announcement, Card, Page, Post, Reason
from bot.networks import Pictures, Unit


def rules_for(config: Config, account: AccountConfig, limits: Mapping[str, int] | None = None) -> Rules:
    """Return the rules for one account's words: the configuration's, the server's limits, else the network's own."""
    network = account.network
    told = limits or {}
    mentions = {}
    for name, handles in config.mentions.items():
        if handle := handles.get(account.name) or handles.get(network.name):
            mentions[name] = handle
    return Rules(
        account=account.name,
        network=network,
        limit=told.get("characters", network.limit),
        url_length=None if _counted(told) else told.get("url_length", network.url_length),
        hashtags=network.text_tags if account.hashtags is None else account.hashtags,
        template=account.template,
        visibility=account.visibility,
        language=account.language,
        aliases=config.tag_aliases,
        mentions=mentions,
        limit_told="characters" in told,
        images=account.images,
        most_images=told.get("media", network.images),
        pictures=_pictures(network.pictures, told),
        needs_picture=bool(told.get("needs_picture")),
        require_alt=config.guards.require_alt if account.require_alt is None else account.require_alt,
        parts=max(account.thread_parts, 1) if account.thread and network.threads else 1,
        counted=_counted(told),
    )


def _counted(told: Mapping[str, int]) -> Unit | None:
    """The unit of a server that counts otherwise than its network does."""
    if told.get("code_points"):
        return Unit.CODE_POINTS
    return Unit.GRAPHEMES if told.get("whole_urls") else None


def _pictures(facts: Pictures, told: Mapping[str, int]) -> Pictures:
    """What a picture may be: the server's own limits where it told them."""
    return replace(
        facts,
        most_bytes=told.get("picture_bytes", facts.most_bytes),
        most_pixels=told.get("picture_pixels", facts.most_pixels),
        alt=told.get("alt", facts.alt),
    )


class Wording(Struct, frozen=True):
    """Makes and inspects announcements by the rules of each account."""

    rules: Mapping[str, Rules]
    languages: Mapping[str, str | None]
    pictures: Mapping[Wanted, Picture] = field(default_factory=dict)

    def compose(self, post: Post, account: AccountConfig, number: int, page: Page | None) -> Announcement:
        """Return the announcement of `post` for round `number`, with what its page told."""
        rules = self.rules[account.name]
        if rules.language is None:
            rules = replace(rules, language=self.languages.get(post.source))
        link = page.landing if page and page.landing and account.links == "landing" else None
        card = None
        if account.network.card and (link or post.url):
            card = _card(post, page, own_card(post, rules, link or post.url or ""))
        pictures = [self.pictures[want] for want in wanted(post, rules) if want in self.pictures]
        media = tuple(picture.media for picture in pictures if picture.media)
        made = compose(post, rules, round=number, link=link, card=card, media=media[: rules.most_images])
        made = replace(made, cost=None if account.manual else cost(made, account.network))
        told = [*(page.warnings if page else ()), *left_out(post, rules), *warnings(pictures, rules)]
        return replace(made, warnings=(*made.warnings, *told)) if told else made

    def pictures_of(self, post: Post, account: AccountConfig) -> tuple[Wanted, ...]:
        """Return the pictures that the announcement of `post` needs."""
        return wanted(post, self.rules[account.name])

    def inspect(self, announcement: Announcement) -> tuple[Reason, str] | None:
        """Return why a person must see these words first, None when they may go."""
        if found := leftovers(announcement):
            return Reason.LEFTOVER, found
        if over_limit(announcement, self.rules[announcement.account]):
            length = max(part.length for part in announcement.parts)
            return (
                Reason.INVALID,
                f"{length} {announcement.unit}, over the limit of {announcement.limit}: shorten its text",
            )
        return lacking(announcement, self.rules[announcement.account])


def _card(post: Post, page: Page | None, own: Card) -> Card:
    """The link's card: the author's own title and summary, then what the page says, then words of the post."""
    told = page.card if page else None
    if told is None:
        return own
    return Card(
        url=own.url,
        title=own.title if post.title else told.title or own.title,
        description=own.description if post.summary else told.description or own.description,
        thumbnail=told.thumbnail,
    )
