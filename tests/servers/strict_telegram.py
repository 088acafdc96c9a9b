# ruff: noqa: D102 - StrictService says what each method does
"""A strict fake of Telegram's Bot API, from its reference: https://core.telegram.org/bots/api."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

from tests.servers.strict_http import Answer, Refused, Request
from tests.servers.strict_service import StrictService

TOKEN = "123456789:AAstrict-telegram-token_nobody-knows"
CHAT = "@strict_channel"
NUMBER = -1001234567890


class StrictTelegram(StrictService):
    """One bot, administrator of one channel. `rights` may be taken away."""

    token = TOKEN

    def __init__(self) -> None:
        super().__init__()
        self.rights = True
        self.public = True

    def route(self, request: Request) -> Answer:
        found = re.fullmatch(r"/bot([^/]+)/(\w+)", request.path)
        if found is None or not re.fullmatch(r"\d+:[\w-]+", found[1]):
            raise _error(404, "Not Found")  # what is no token is no address of the Bot API
        if found[1] != TOKEN:
            raise _error(401, "Unauthorized")
        match found[2]:
            case "getMe":
                return _good({"id": 123456789, "is_bot": True, "username": "strict_bot"})
            case "getChat":
                self._in_chat(request)
                return _good(self._chat())
            case "getChatMember":
                self._in_chat(request)
                status = "administrator" if self.rights else "left"
                return _good({"status": status, "can_post_messages": self.rights})
            case "sendMessage" | "sendPhoto" | "sendMediaGroup" as method:
                return self.announcing(lambda: getattr(self, f"_{method}")(request))
        raise _error(404, "Not Found")

    def too_many(self, seconds: int) -> Refused:
        # "parameters.retry_after": https://core.telegram.org/bots/api#responseparameters
        body = {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {seconds}"}
        return Refused(429, body | {"parameters": {"retry_after": seconds}})

    def _sendMessage(self, request: Request) -> Answer:  # noqa: N802 - Telegram's own name
        self._may(request)
        text = request.text("text").strip()
        if not text:
            raise _error(400, "Bad Request: message text is empty")
        if len(text) > 4096:  # "1-4096 characters after entities parsing", counted as code points (TDLib, utf8_length)
            raise _error(400, "Bad Request: message is too long")
        reply = request.values.get("reply_parameters") or {}
        return _good(self._hold(text=text, preview=request.values.get("link_preview_options"), reply=reply))

    def _sendPhoto(self, request: Request) -> Answer:  # noqa: N802 - Telegram's own name
        self._may(request)
        return _good(self._photo(request, "photo", request.text("caption")))  # the file is the field itself

    def _sendMediaGroup(self, request: Request) -> Answer:  # noqa: N802 - Telegram's own name
        self._may(request)
        album = json.loads(request.text("media"))
        if not 2 <= len(album) <= 10:  # "must include 2-10 items"
            raise _error(400, "Bad Request: wrong number of items in the album")
        return _good([self._photo(request, item["media"], item.get("caption", "")) for item in album])

    def _photo(self, request: Request, name: str, caption: str) -> dict[str, Any]:
        file = request.files.get(name.removeprefix("attach://"))
        if file is None or not file.data:
            raise _error(400, "Bad Request: there is no photo in the request")
        if len(file.data) > 10_000_000:  # "at most 10 MB in size"
            raise _error(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
        if len(caption) > 1024:  # "0-1024 characters after entities parsing"
            raise _error(400, "Bad Request: message caption is too long")
        return self._hold(text=caption, photo=file.data)

    def _hold(self, **content: Any) -> dict[str, Any]:
        message = {"message_id": len(self.held) + 11, "date": int(datetime.now(UTC).timestamp()), "chat": self._chat()}
        self.held.append(message | content)
        return message

    def _chat(self) -> dict[str, Any]:
        known = {"username": CHAT[1:]} if self.public else {}
        return {"id": NUMBER, "type": "channel", "title": "Strict", **known}

    def _in_chat(self, request: Request) -> None:
        if request.text("chat_id") not in (CHAT, str(NUMBER)):
            raise _error(400, "Bad Request: chat not found")

    def _may(self, request: Request) -> None:
        self._in_chat(request)
        if not self.rights:
            raise _error(400, "Bad Request: need administrator rights in the channel chat")


def _good(result: Any) -> Answer:
    return Answer(200, {"ok": True, "result": result})


def _error(code: int, description: str) -> Refused:
    return Refused(code, {"ok": False, "error_code": code, "description": description})
