"""A whole IndieWeb site in one file, over PyPI's django-indieweb: real IndieAuth, Micropub and media endpoint.

Run by an interpreter that has it: `python -P indieweb_site.py PORT FOLDER`. `/_lab/` shows its posts; a POST there
begins anew (`rate` requests a minute; `lists` is whether it lists its posts) and returns a token.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

PORT, FOLDER = int(sys.argv[1]), Path(sys.argv[2])
BASE = f"http://127.0.0.1:{PORT}"
MOST_WORDS = 5000

settings.configure(
    SECRET_KEY="lab",
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="__main__",
    SITE_ID=1,
    USE_TZ=True,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[
        *(
            f"django.contrib.{name}"
            for name in ("contenttypes", "auth", "sessions", "messages", "sites", "staticfiles")
        ),
        "indieweb",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                ]
            },
        }
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "db.sqlite3")}},
    MEDIA_ROOT=str(FOLDER / "media"),
    MEDIA_URL=f"{BASE}/files/",
    STATIC_URL="/static/",
    INDIEWEB_MICROPUB_HANDLER="__main__.Handler",
    INDIEWEB_RATE_LIMITS={},
    LOGIN_URL="/login/",
)
django.setup()

from django.contrib.auth import get_user_model, login  # noqa: E402 - Django wants its settings first
from django.core.cache import cache  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.views.decorators.csrf import csrf_exempt  # noqa: E402
from indieweb.handlers import InMemoryMicropubHandler, MicropubEntry, MicropubEntryList  # noqa: E402
from indieweb.models import Token  # noqa: E402


class Handler(InMemoryMicropubHandler):
    """One store for the whole process, with absolute addresses and dates; newest first in its list."""

    posts: dict[str, MicropubEntry] = {}  # noqa: RUF012 - Django makes a handler for each request
    lists = True

    def __init__(self):
        super().__init__()
        self.entries = Handler.posts

    def create_entry(self, properties, user):
        """Keep it. Too many words are refused, as a site's own code may."""
        if sum(len(str(value)) for value in properties.get("content", [])) > MOST_WORDS:
            raise ValueError("too long")
        url = f"{BASE}/posts/{len(self.entries) + 1}/"
        dated = {"published": [datetime.now(UTC).isoformat()], **properties}
        self.entries[url] = MicropubEntry(url=url, properties=dated)
        return self.entries[url]

    def list_entries(self, user, *, limit=None, offset=0, filter=None):
        """Return a page of the posts, newest first."""
        found = list(reversed(self.entries.values()))[offset : offset + (limit or 20)]
        return MicropubEntryList(entries=found) if Handler.lists else None

    def get_config(self, user):
        """Name one place to copy posts to."""
        return {"syndicate-to": [{"uid": "https://m.example/@me", "name": "Mastodon"}]}


def home(request, slug=None):
    """Show a page that names the endpoints."""
    rels = {"micropub": "micropub", "indieauth-metadata": "auth/metadata"}
    tags = "".join(f'<link rel="{rel}" href="/indieweb/{where}/">' for rel, where in rels.items())
    return HttpResponse(f"<!doctype html><title>A site</title>{tags}")


def enter(request):
    """Log in whoever asks, as the site's only person."""
    login(request, PERSON)
    return HttpResponseRedirect(request.get_full_path().partition("?next=")[2])


@csrf_exempt
def lab(request):
    """Show the posts; with POST, begin anew."""
    if request.method == "POST":
        Handler.posts.clear()
        cache.clear()  # what the limits have counted
        Handler.lists = request.GET.get("lists") != "no"
        rate = int(request.GET.get("rate", 0))
        settings.INDIEWEB_RATE_LIMITS = {"micropub": {"limit": rate, "window": 60}} if rate else {}
        Token.objects.all().delete()
        token = Token.objects.create(owner=PERSON, me=f"{BASE}/", client_id="https://lab.example/", scope=SCOPE)
        return JsonResponse({"token": token.raw_key or token.key})
    return JsonResponse({"posts": [{"url": url, **entry.properties} for url, entry in Handler.posts.items()]})


def file(request, name):
    """Show an uploaded file."""
    return HttpResponse((FOLDER / "media" / name).read_bytes())


SCOPE = "create update delete media"
urlpatterns = [
    path("", home),
    path("posts/<slug:slug>/", home),
    path("login/", enter),
    path("_lab/", lab),
    path("files/<path:name>", file),
    path("indieweb/", include("indieweb.urls")),
]


class Server(ThreadingMixIn, WSGIServer):
    """Answers several at once."""

    daemon_threads = True


class Quiet(WSGIRequestHandler):
    """Says nothing."""

    def log_message(self, *args):
        """Say nothing."""


call_command("migrate", verbosity=0)
PERSON, _ = get_user_model().objects.get_or_create(username="me")
make_server("127.0.0.1", PORT, get_wsgi_application(), Server, Quiet).serve_forever()
