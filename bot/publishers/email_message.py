"""An announcement as a mail: words as text and as HTML, pictures inside, and an id that tells a repeat. Pure."""

from __future__ import annotations

import hashlib
import html
import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from bot.errors import Rejected
from bot.formatter import plain
from bot.model import Announcement, Media, Part, SpanKind

LONGEST_SUBJECT = 200


def message(announcement: Announcement, sender: str, to: str, list_id: str, at: datetime) -> EmailMessage:
    """Return the mail. Its Message-ID is the same whenever the same announcement is sent.

    Raises `Rejected` for an address that no header can hold.
    """
    mail = EmailMessage(policy=SMTP)
    address = parsed(sender)
    mail["Message-ID"] = message_id(announcement.key, address.domain)
    mail["Date"] = format_datetime(at)
    mail["From"] = address
    mail["To"] = parsed(to)
    mail["Subject"] = subject(announcement)
    mail["List-Id"] = f"<{list_id or f'{_label(announcement.account)}.{address.domain}'}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office mail is sent in answer
    mail.set_content(_plain(announcement), cte="quoted-printable")
    mail.add_alternative(_html(announcement), subtype="html", cte="quoted-printable")
    if announcement.language:
        mail["Content-Language"] = announcement.language  # now, for `set_content` clears such headers
    body = mail.get_payload(1)
    if isinstance(body, EmailMessage):
        for index, picture in enumerate(announcement.media):
            main, _, sub = picture.mime.partition("/")
            body.add_related(picture.data, main, sub, cid=f"<{_cid(picture, index)}>", disposition="inline")
    return mail


def message_id(key: str, domain: str) -> str:
    """Return the Message-ID of an announcement: mail programs and archives show a second one of the same id once."""
    return f"<posse-{key}@{domain}>"


def subject(announcement: Announcement) -> str:
    """Return the post's title, else the first line of the words, below any content warning."""
    first = plain.inline(announcement.post.title) or announcement.parts[0].text.strip().partition("\n")[0]
    line = " ".join(first.split())
    cut = line if len(line) <= LONGEST_SUBJECT else f"{line[: LONGEST_SUBJECT - 1].rsplit(' ', 1)[0]}…"
    return f"[{announcement.content_warning}] {cut}" if announcement.content_warning else cut


def parsed(address: str) -> Address:
    """Return a mail address with the name before it, if any. Raises `Rejected` where it is none."""
    found = re.fullmatch(r"(?:\"?([^\"<>\r\n]*?)\"?\s*<)?([^\s<>@,;]+@[A-Za-z0-9.-]+)>?", address.strip())
    if found is None or not found[2].isascii():
        raise Rejected(f'"{address}" is not a mail address such as me@example.com or Me <me@example.com>')
    return Address(found[1] or "", addr_spec=found[2])


def _plain(announcement: Announcement) -> str:
    lines = [announcement.content_warning] if announcement.content_warning else []
    described = [f"[{picture.alt}]" for picture in announcement.media if picture.alt]
    return "\n\n".join([*lines, announcement.text, *described]) + "\n"


def _html(announcement: Announcement) -> str:
    language = html.escape(announcement.language or "en")
    told = announcement.content_warning
    warning = f"<p><strong>{html.escape(told)}</strong></p>" if told else ""
    words = "".join(_paragraphs(part) for part in announcement.parts)
    pictures = "".join(
        f'<p><img src="cid:{_cid(picture, index)}" alt="{html.escape(picture.alt)}"'
        f' width="{picture.width}" height="{picture.height}" style="max-width:100%;height:auto"></p>'
        for index, picture in enumerate(announcement.media)
    )
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"></head><body>'
        f"{warning}{words}{pictures}</body></html>\n"
    )


def _paragraphs(part: Part) -> str:
    """Return a part's words as HTML, its links alive."""
    pieces, position = [], 0
    for span in sorted(part.spans, key=lambda each: each.start):
        if span.kind is SpanKind.LINK and span.start >= position:
            pieces.append(html.escape(part.text[position : span.start]))
            label = html.escape(part.text[span.start : span.end])
            pieces.append(f'<a href="{html.escape(span.target)}">{label}</a>')
            position = span.end
    pieces.append(html.escape(part.text[position:]))
    paragraphs = re.split(r"\n{2,}", "".join(pieces).strip())
    return "".join(f"<p>{paragraph}</p>".replace("\n", "<br>\n") for paragraph in paragraphs)


def _cid(picture: Media, index: int) -> str:
    return f"{index}.{hashlib.sha256(picture.data).hexdigest()[:16]}@posse"


def _label(account: str) -> str:
    return re.sub(r"[^a-z0-9-]", "-", account.lower())
