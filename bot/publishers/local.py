"""The built-in network: a folder. Each announcement is one JSON file, and `index.html` shows them as a timeline."""

from __future__ import annotations

import base64
import errno
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import Rejected, TryLater, Uncertain
from bot.model import Announcement, Card, Media, Note, Receipt, Sent
from bot.publishers import local_page
from bot.publishers.base import Access, Profile, Sighting

INDEX = "index.html"
LOCK = ".index.lock"
FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"

Entry = dict[str, Any]


class Local:
    """A folder as a network: a file's name is the announcement's key, so the same key twice is one file."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._folder = Path(access.options["path"])

    def publish(
        self,
        announcement: Announcement,
        notes: Sequence[Note],  # noqa: ARG002 - one step needs none
    ) -> Iterator[Note | Receipt]:
        """Write the file whole, then the page. A file that is there already is the receipt."""
        self._prepare()
        file = self._file(announcement.key)
        entry = self._read(file)
        if entry is None:
            entry = _entry(announcement, self._access.clock())
            try:
                _write_new(file, json.dumps(entry, ensure_ascii=False, indent=2) + "\n", _instant(entry))
                entry = self._read(file) or entry
            except OSError as error:
                raise TryLater(f"{file} cannot be written: {_why(error)}") from error
        self._show(announcement)
        yield self._receipt(entry)

    def find(self, announcement: Announcement, since: datetime) -> Receipt | None:  # noqa: ARG002 - a key has no age
        """Look whether the file of this key is there."""
        self._prepare()
        entry = self._read(self._file(announcement.key))
        return None if entry is None else self._receipt(entry)

    def recent(self, since: datetime) -> Iterator[Sighting]:
        """The announcements of this account made at `since` or later, newest first."""
        self._prepare()
        entries = [entry for file in self._files() if (entry := self._read(file)) is not None]
        for entry in sorted(entries, key=local_page.order, reverse=True):
            if entry["account"] == self._access.account and _instant(entry) >= since:
                card = entry.get("card") or {}
                links = (entry["url"], card.get("url"))
                yield Sighting(self._receipt(entry), tuple(dict.fromkeys(link for link in links if link)))

    def verify(self) -> Profile:
        """Prove that the folder can be written to."""
        self._prepare()
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise TryLater(f"{self._folder} cannot be written to: give this user the right to")
        return Profile(name=str(self._folder), url=(self._folder / INDEX).as_uri(), server="a folder")

    def _prepare(self) -> None:
        """Make the folder where it is missing."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise Rejected(
                f"{self._folder} is not a folder: set `path` of account {self._access.account} to one, or move the file"
            ) from error
        except OSError as error:
            raise TryLater(f"the folder {self._folder} cannot be made: {_why(error)}") from error

    def _file(self, key: str) -> Path:
        return self._folder / f"{key}.json"

    def _files(self) -> list[Path]:
        try:
            with os.scandir(self._folder) as found:
                return [Path(item.path) for item in found if item.name.endswith(".json") and item.is_file()]
        except OSError as error:
            raise TryLater(f"{self._folder} cannot be read: {_why(error)}") from error

    def _read(self, file: Path) -> Entry | None:
        """Return the announcement in `file`, None when there is no such file or it is none of ours."""
        try:
            entry = json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TryLater(f"{file} cannot be read: {_why(error)}") from error
        except ValueError:
            return None
        return entry if local_page.is_entry(entry) else None

    def _receipt(self, entry: Entry) -> Receipt:
        url = f"{(self._folder / INDEX).as_uri()}#{entry['key']}"
        return Receipt((Sent(remote_id=str(entry["key"]), url=url),), _instant(entry))

    def _show(self, announcement: Announcement) -> None:
        """Rebuild the page from the newest files; one process at a time, so that none leaves another's out."""
        from filelock import FileLock

        try:
            with FileLock(self._folder / LOCK, timeout=30):
                newest = sorted(self._files(), key=lambda file: file.stat().st_mtime_ns, reverse=True)
                read = (self._read(file) for file in newest[: local_page.MOST])
                page = local_page.render([entry for entry in read if entry is not None], len(newest))
                _replace(self._folder / INDEX, page)
        except OSError as error:  # the lock's time-out is one too
            message = (
                f"{self._file(announcement.key)} is there, but the page beside it cannot be renewed: {_why(error)}"
            )
            raise Uncertain(message) from error


def _entry(announcement: Announcement, now: datetime) -> Entry:
    """Return what is kept of an announcement: the keys of docs/reference, and pictures as data."""
    post = announcement.post
    published = post.published
    return {
        "key": announcement.key,
        "account": announcement.account,
        "text": announcement.text,
        "url": announcement.url,
        "post": {
            "id": post.id,
            "slug": post.slug,
            "title": post.title,
            "url": post.url,
            "published": published.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if published else None,
        },
        "published_at": now.astimezone(UTC).strftime(FORMAT),
        "language": announcement.language,
        "content_warning": announcement.content_warning,
        "visibility": announcement.visibility.value,
        "card": _card(announcement.card),
        "media": [_picture(item) for item in announcement.media],
    }


def _card(card: Card | None) -> Entry | None:
    if card is None:
        return None
    thumbnail = card.thumbnail
    image = (
        {"alt": thumbnail.alt, "mime": thumbnail.mime, "width": thumbnail.width, "height": thumbnail.height}
        | {"data": base64.b64encode(thumbnail.data).decode()}
        if thumbnail
        else None
    )
    return {"url": card.url, "title": card.title, "description": card.description, "thumbnail": image}


def _picture(media: Media) -> Entry:
    return {
        "source": media.source,
        "alt": media.alt,
        "mime": media.mime,
        "width": media.width,
        "height": media.height,
        "data": base64.b64encode(media.data).decode(),
    }


def _instant(entry: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(entry["published_at"]).astimezone(UTC)


def _why(error: OSError) -> str:
    return error.strerror or str(error)


def _write_new(file: Path, text: str, at: datetime) -> None:
    """Write `file` whole or not at all, and never over one that is there. Raises `OSError`, then nothing is left.

    Its time is `at`: the page is made from the newest files, and need not read the rest.
    """
    draft = _draft(file, text)
    try:
        os.utime(draft, (at.timestamp(), at.timestamp()))
        try:
            os.link(draft, file)
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS):
                raise
            if not file.exists():  # a file system without hard links (FAT, some shares)
                draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    _sync_folder(file.parent)


def _replace(file: Path, text: str) -> None:
    """Replace `file` by a whole new one."""
    draft = _draft(file, text)
    try:
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _draft(file: Path, text: str) -> Path:
    """Write `text` beside `file`, on the disk when this returns, readable by everyone as a page should be."""
    handle, name = tempfile.mkstemp(prefix=f".{file.name}.", suffix=".tmp", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8", "replace"))
            stream.flush()
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
