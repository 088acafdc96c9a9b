"""Telegram, as a bot that writes in a channel or group.

https://core.telegram.org/bots/api
A bot cannot read what it has written, and no message takes a key of ours: after a lost answer only a person can tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bot.errors import PublishError, Unauthorized
from bot.model import Announcement, Media, Note, Receipt
from bot.publishers.base import Access, Profile, Sighting
from bot.publishers.in_parts import Json, done, in_parts, part, words
from bot.publishers.json_calls import Answer, Calls
from bot.publishers.masking import host_of

CAPTION = 1024  # https://core.telegram.org/bots/api#sendphoto
_NOT_HERE = ("chat not found", "not enough rights", "need administrator rights", "have no rights", "bot was kicked")


class Telegram:
    """One bot in one chat.

    Notes: `pictures` with `id`, where the words are too long to stand below them; `part` with `index`, `id`, `url`,
    `at` for each message sent.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._chat = str(access.options["chat"])
        self._base = str(access.options["service"]).rstrip("/")
        self._host = host_of(self._base)
        self._calls = Calls(access, _words, {401, 403, 404}, "is `service` the Bot API?")  # 404: it is no token at all

    def publish(self, announcement: Announcement, notes: Sequence[Note]) -> Iterator[Note | Receipt]:
        """Send the parts, each in answer to the one before; pictures with the first, or before it."""
        apart = bool(announcement.media) and len(words(announcement, 0)) > CAPTION
        if apart and 0 not in done(notes) and not any(note.kind == "pictures" for note in notes):
            message = self._pictures(announcement.media, "")
            yield Note("pictures", {"id": str(message["message_id"])})
        yield from in_parts(announcement, notes, lambda index, before: self._part(announcement, index, before, apart))

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:
        """Not possible."""
        raise NotImplementedError("a Telegram bot cannot read what it has written")

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """Not possible."""
        raise NotImplementedError("a Telegram bot cannot read what it has written")

    def verify(self) -> Profile:
        """Ask who the bot is, where it writes, and whether it may."""
        me = self._ask("getMe")
        chat = self._ask("getChat", chat_id=self._chat)
        member = self._ask("getChatMember", chat_id=self._chat, user_id=me.get("id"))
        may = member.get("status") == "creator" or (
            member.get("status") == "administrator" and member.get("can_post_messages", True)
        )
        warnings: tuple[str, ...] = ()
        if chat.get("type") == "channel" and not may:
            warnings = (f"@{me.get('username')} may not write in {self._chat}: make it an administrator there",)
        name = str(chat.get("username") or "")
        return Profile(
            name=f"@{me.get('username')} in {f'@{name}' if name else chat.get('title') or self._chat}",
            url=f"https://t.me/{name}" if name else None,
            server="Telegram Bot API",
            warnings=warnings,
        )

    def _part(self, announcement: Announcement, index: int, before: Json | None, apart: bool) -> Json:
        text = words(announcement, index)
        if index == 0 and announcement.media and not apart:
            message = self._pictures(announcement.media, text)
        else:
            message = self._message(announcement.url, text, before)
        sent_at = datetime.fromtimestamp(message["date"], UTC)
        return part(index, str(message["message_id"]), self._permalink(message), sent_at)

    def _message(self, url: str, text: str, before: Json | None) -> Json:
        """Send plain text: without a parse mode nothing in it is markup, and links and hashtags live all the same."""
        body: Json = {"chat_id": self._chat, "text": text}
        if before is None:
            body["link_preview_options"] = {"url": url}
        else:
            body["link_preview_options"] = {"is_disabled": True}
            body["reply_parameters"] = {"message_id": int(before["id"]), "allow_sending_without_reply": True}
        if self._access.options["silent"]:
            body["disable_notification"] = True
        return self._send("sendMessage", json=body)

    def _pictures(self, media: Sequence[Media], caption: str) -> Json:
        """Send one picture, or an album of up to ten; `caption` stands below the first. Telegram takes no alt text."""
        form: dict[str, str] = {"chat_id": self._chat}
        if self._access.options["silent"]:
            form["disable_notification"] = "true"
        files = {f"picture{index}": (_name(item, index), item.data, item.mime) for index, item in enumerate(media)}
        if len(media) == 1:
            return self._send("sendPhoto", data=form | {"caption": caption}, files={"photo": files["picture0"]})
        album = [{"type": "photo", "media": f"attach://{name}"} for name in files]
        album[0]["caption"] = caption
        return self._send("sendMediaGroup", data=form | {"media": json.dumps(album)}, files=files)

    def _send(self, method: str, **request: Any) -> Json:
        """Make the call that announces, and return the message it made (the first one of an album)."""
        answer = self._call(method, once=True, **request)
        message = answer.data.get("result")
        if isinstance(message, list) and message:
            message = message[0]
        if (
            answer.data.get("ok") is not True
            or not isinstance(message, dict)
            or not isinstance(message.get("message_id"), int)
        ):
            raise self._calls.unread(answer, self._host, "the message that was sent")
        return {"date": answer.at.timestamp(), **message}

    def _ask(self, method: str, **values: object) -> Json:
        answer = self._call(method, json=values)
        result = answer.data.get("result")
        if not isinstance(result, dict):
            raise self._calls.unread(answer, self._host, "what the Bot API answers")
        return result

    def _call(self, method: str, *, once: bool = False, **request: Any) -> Answer:
        token = self._access.secret("bot_token").reveal()
        answer = self._calls.send(
            "POST", f"{self._base}/bot{token}/{method}", hidden=(token, token.partition(":")[2]), once=once, **request
        )
        if not answer.good:
            raise self._meaning(answer)
        return answer

    def _meaning(self, answer: Answer) -> PublishError:
        """Return what an error means: a chat that the bot may not write in is a log-in that is refused."""
        error = self._calls.error(answer, self._host, _retry_after)
        if answer.status == 400 and any(sign in _words(answer).lower() for sign in _NOT_HERE):
            return Unauthorized(f"{error.message} (is the bot an administrator of {self._chat}?)")
        return error

    def _permalink(self, message: Json) -> str | None:
        chat = message.get("chat")
        found = chat if isinstance(chat, dict) else {}
        if found.get("username"):
            return f"https://t.me/{found['username']}/{message['message_id']}"
        if not found and self._chat.startswith("@"):
            return f"https://t.me/{self._chat[1:]}/{message['message_id']}"
        number = str(found.get("id", ""))
        return f"https://t.me/c/{number[4:]}/{message['message_id']}" if number.startswith("-100") else None


def _words(answer: Answer) -> str:
    return str(answer.data.get("description") or "")


def _retry_after(answer: Answer) -> object:
    """Telegram tells the wait in the body: https://core.telegram.org/bots/api#responseparameters."""
    told = answer.data.get("parameters")
    return told.get("retry_after") if isinstance(told, dict) else None


def _name(media: Media, index: int) -> str:
    return f"picture{index}.{media.mime.partition('/')[2] or 'jpg'}"
