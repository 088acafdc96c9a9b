"""The `local` network's timeline as one HTML page that needs nothing else. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any

MOST = 200

Entry = Mapping[str, Any]

_LINK = re.compile(r"https?://[^\s<>\"“”«»]+", re.IGNORECASE)
_AFTER_A_LINK = ".,;:!?'’)]}…"
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})

_STYLE = """
:root { color-scheme: light dark; --paper: #faf8f5; --sheet: #fff; --ink: #22201d; --faint: #6b645b;
  --line: #e4ded5; --link: #7a3b9a; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #171614; --sheet: #211f1c; --ink: #ece7df; --faint: #a79f94; --line: #38342f; --link: #d3a4ec; }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1.0625rem/1.6 system-ui, sans-serif; }
header, main, footer { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; margin: 0 0 .25rem; }
header p, footer p, .by { color: var(--faint); margin: 0; font-size: .9rem; }
article { background: var(--sheet); border: 1px solid var(--line); border-radius: .75rem; padding: 1rem 1.25rem;
  margin: 0 0 1rem; overflow-wrap: anywhere; }
article:target { outline: 3px solid var(--link); outline-offset: 2px; }
h2 { font-size: 1rem; margin: 0; }
.by { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; margin-bottom: .5rem; }
.words { white-space: pre-line; margin: 0; }
a { color: var(--link); }
a:focus-visible, summary:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
summary { cursor: pointer; margin-bottom: .5rem; }
img { max-width: 100%; height: auto; border-radius: .5rem; display: block; margin-top: .75rem; }
.card { display: block; margin-top: .75rem; padding: .75rem 1rem; border: 1px solid var(--line); border-radius: .5rem;
  text-decoration: none; color: inherit; }
.card strong { display: block; color: var(--link); }
.card small { color: var(--faint); }
.card img { margin: 0 0 .5rem; }
"""


def is_entry(value: object) -> bool:
    """Whether `value` is an announcement as the `local` network writes it: what a page and a receipt need is there."""
    if not isinstance(value, dict):
        return False
    if not all(isinstance(value.get(key), str) for key in ("key", "account", "text", "url", "published_at")):
        return False
    try:
        at = datetime.fromisoformat(value["published_at"])
    except ValueError:
        return False
    return at.tzinfo is not None


def order(entry: Entry) -> tuple[str, str]:
    """Return the sort key of an entry: by time (UTC text in one format), then by key."""
    return entry["published_at"], entry["key"]


def render(entries: Sequence[Entry], total: int) -> str:
    """Return the page: `entries` newest first, and a word on how many of `total` it shows."""
    shown = sorted(entries, key=order, reverse=True)
    count = f"{len(shown)} announcement{'' if len(shown) == 1 else 's'}, newest first"
    if total > len(shown):
        count = f"The newest {len(shown)} of {total} announcements; the older ones are in the files beside this page"
    articles = "\n".join(_article(entry) for entry in shown)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>Announcements</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>Announcements</h1><p>{count}.</p></header>
<main>
{articles}
</main>
<footer><p>Written by posse-bot.</p></footer>
</body>
</html>
"""


def _article(entry: Entry) -> str:
    key = escape(entry["key"])
    at = escape(entry["published_at"])
    when = f"{datetime.fromisoformat(entry['published_at']):%-d %B %Y, %H:%M} UTC"
    language = f' lang="{escape(str(entry["language"]))}"' if entry.get("language") else ""
    body = f'<p class="words"{language}>{_words(entry["text"])}</p>{_media(entry)}{_card(entry.get("card"))}'
    if entry.get("content_warning"):
        warning = escape(str(entry["content_warning"]))
        body = f"<details><summary{language}>{warning}</summary>{body}</details>"
    return (
        f'<article id="{key}" aria-labelledby="by-{key}">\n'
        f'<div class="by"><h2 id="by-{key}">{escape(entry["account"])}</h2>'
        f'<a href="#{key}"><time datetime="{at}">{when}</time></a></div>\n{body}\n</article>'
    )


def _words(text: str) -> str:
    """Return the text escaped, its http(s) addresses made links."""
    pieces: list[str] = []
    end = 0
    for match in _LINK.finditer(text):
        url = _trimmed(match[0])
        pieces += [escape(text[end : match.start()]), f'<a href="{escape(url)}">{escape(url)}</a>']
        end = match.start() + len(url)
    return "".join([*pieces, escape(text[end:])])


def _trimmed(url: str) -> str:
    """Return `url` without the punctuation that belongs to the sentence; a bracket that it opened itself stays."""
    while url and url[-1] in _AFTER_A_LINK and not (url[-1] == ")" and url.count("(") >= url.count(")")):
        url = url[:-1]
    return url


def _card(card: object) -> str:
    if not isinstance(card, Mapping) or not _is_web(card.get("url")):
        return ""
    url = str(card["url"])
    title = escape(str(card.get("title") or url))
    description = f"<span>{escape(str(card['description']))}</span>" if card.get("description") else ""
    host = escape(url.partition("://")[2].partition("/")[0])
    picture = _image(card.get("thumbnail"))
    return (
        f'<a class="card" href="{escape(url)}">{picture}<strong>{title}</strong>{description} <small>{host}</small></a>'
    )


def _media(entry: Entry) -> str:
    media = entry.get("media")
    return "".join(_image(item) for item in media) if isinstance(media, list) else ""


def _image(picture: object) -> str:
    """Return the picture, its bytes in the page itself; nothing where there are none or they are no picture."""
    if not isinstance(picture, Mapping) or picture.get("mime") not in _PICTURES or not picture.get("data"):
        return ""
    size = "".join(
        f' {name}="{picture[name]}"' for name in ("width", "height") if type(picture.get(name)) is int and picture[name]
    )
    source = f"data:{picture['mime']};base64,{escape(str(picture['data']))}"
    return f'<img src="{source}" alt="{escape(str(picture.get("alt") or ""))}"{size}>'


def _is_web(url: object) -> bool:
    return isinstance(url, str) and url.lower().startswith(("http://", "https://"))
