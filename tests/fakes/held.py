"""A slow line: answers of the server that come when a test lets them.

held = Held(page, "**/admin/models?*")
...
held.wait()  # the browser has asked
...
held.let_go()
"""

import time

from playwright.sync_api import Page, Route

WITHIN_S = 10.0


class Held:
    """Of one page; requests whose address matches the glob."""

    def __init__(self, page: Page, glob: str) -> None:
        self._page = page
        self._routes: list[Route] = []
        page.route(glob, lambda route: self._routes.append(route))

    @property
    def waiting(self) -> int:
        return len(self._routes)

    def wait(self) -> None:
        """Until the browser has sent one. Raises AssertionError."""
        deadline = time.monotonic() + WITHIN_S
        while not self._routes:
            assert time.monotonic() < deadline, "the browser has asked for nothing"
            self._page.wait_for_timeout(10)

    def let_go(self) -> None:
        """The request goes on to the server; waits for one."""
        self.wait()
        self._routes.pop(0).continue_()
