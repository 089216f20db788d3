"""Answers that lead to another address. None of these may ever be asked, and no key may reach it."""

import json
from collections.abc import Iterable
from typing import ClassVar

from model_lineup.demo.faults.case import OPENAI, Asked, Case, Step
from model_lineup.demo.faults.saying import reply, well


class _Redirect(Case, abstract=True):
    """To a second host, with the path that was asked for. `x-api-key` travels along in httpx and aiohttp."""

    lists = test = "protocol/upstream_redirect"
    status: ClassVar[int]

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(self.status, "", f"location: {self.destination(asked)}")

    def destination(self, asked: Asked) -> str:
        return asked.bait + asked.target


class RedirectMovedPermanently(_Redirect):
    """301 to a second host, which would get the key."""

    status = 301


class RedirectFound(_Redirect):
    """302 to a second host, which would get the key."""

    status = 302


class RedirectSeeOther(_Redirect):
    """303 to a second host, which would get the key."""

    status = 303


class RedirectTemporary(_Redirect):
    """307 to a second host, which would get key and question."""

    status = 307


class RedirectPermanent(_Redirect):
    """308 to a second host, which would get key and question."""

    status = 308


class RedirectInside(_Redirect):
    """302 to an internal address. Open WebUI CVE-2026-45401: the check of the first address was for nothing."""

    status = 302

    def destination(self, asked: Asked) -> str:
        return f"{asked.bait}/latest/meta-data/iam/security-credentials/"


class RedirectToItself(_Redirect):
    """307 to the same address, for ever."""

    status = 307

    def destination(self, asked: Asked) -> str:
        return asked.target


class RedirectWithoutLocation(_Redirect):
    """302 that does not say where to."""

    status = 302

    def answer(self, asked: Asked) -> Iterable[Step]:
        yield reply(self.status, "{}")


class ChallengeBait(Case):
    """401 whose realm names a server for tokens. Ollama CVE-2025-51471: clients took their credentials there."""

    lists = test = "auth/auth"

    def answer(self, asked: Asked) -> Iterable[Step]:
        challenge = f'www-authenticate: Bearer realm="{asked.bait}/token",service="drill"'
        yield reply(401, asked.wire.error_body("authentication required"), challenge)


class NextLinkBait(Case):
    """The list names another host for its next page, in a header and in the body."""

    wires = OPENAI | {"anthropic"}

    def answer(self, asked: Asked) -> Iterable[Step]:
        if asked.what != "list":
            yield well(asked)
            return
        page = json.loads(asked.good) | {"next": f"{asked.bait}/v1/models", "next_page": f"{asked.bait}/v1/models"}
        yield reply(200, json.dumps(page), f'link: <{asked.bait}/v1/models>; rel="next"')


class CursorBait(Case):
    """The list gives a whole URL where a cursor belongs. It may go back as a cursor, and is never asked."""

    wires = OPENAI | {"anthropic", "google"}

    def answer(self, asked: Asked) -> Iterable[Step]:
        if asked.what != "list" or "127.0.0" in asked.target:
            yield well(asked)
            return
        yield reply(200, asked.wire.page(asked.wire.entries("first"), f"{asked.bait}/v1/models?page=2"))


class HeaderBait(Case):
    """A good answer that recommends other places: Alt-Svc, Refresh, Content-Location, cookies for everybody."""

    def answer(self, asked: Asked) -> Iterable[Step]:
        host = asked.bait.removeprefix("http://")
        bait = [f'alt-svc: h2="{host}"', f"refresh: 0; url={asked.bait}", f"content-location: {asked.bait}/"]
        yield reply(200, asked.good, *bait, "set-cookie: session=drill; path=/", content_type=asked.content_type)
