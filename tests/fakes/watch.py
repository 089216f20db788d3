"""Watches what goes wrong in a browser: errors in the console, in scripts, against the policy, and in requests.

watch = Watch()
watch.over(context, server.url)
...
watch.allow("404 GET /admin/models/9")
assert watch.problems() == []
"""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) => window.lineupViolation(
    `${event.effectiveDirective} blocked ${event.blockedURI} at ${event.sourceFile}:${event.lineNumber}`))"""
_OF_A_STATUS = "Failed to load resource: the server responded with a status of"
_LEFT = "net::ERR_ABORTED"
"""A page that is left ends its requests and streams; that is no failure."""


class Watch:
    """Of one test, over all the contexts that it opens."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._allowed: list[str] = []
        self._hosts: set[str] = set()

    def over(self, context: BrowserContext, url: str) -> None:
        """Everything that happens in the context; `url` is of a server that it may talk to."""
        self._hosts.add(urlsplit(url).netloc)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)
        context.expose_function("lineupViolation", lambda what: self.found.append(f"policy: {what}"))
        context.add_init_script(_REPORT_VIOLATIONS)

    def also(self, url: str) -> None:
        """Another server that may be talked to."""
        self._hosts.add(urlsplit(url).netloc)

    def allow(self, *texts: str) -> None:
        """Problems that hold one of the texts are expected, as "422 POST /admin/providers"; each must come."""
        self._allowed += texts

    def problems(self) -> list[str]:
        """What was found and not expected, and what was expected and did not come."""
        unexpected = [one for one in self.found if not any(text in one for text in self._allowed)]
        never = [text for text in self._allowed if not any(text in one for one in self.found)]
        return unexpected + [f"expected and did not come: {text}" for text in never]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_OF_A_STATUS):  # those stand under responses
            self.found.append(f"console: {message.text} ({message.location['url']}:{message.location['lineNumber']})")

    def _error(self, error: WebError) -> None:
        self.found.append(f"script: {error.error}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in {"http", "https", "ws", "wss"} and address.netloc not in self._hosts:
            self.found.append(f"elsewhere: {request.method} {request.url}")

    def _failed(self, request: Request) -> None:
        if request.failure != _LEFT:
            self.found.append(f"failed: {request.method} {_path(request.url)}: {request.failure}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.found.append(f"{response.status} {response.request.method} {_path(response.url)}")


def _path(url: str) -> str:
    address = urlsplit(url)
    return f"{address.path}?{address.query}" if address.query else address.path
