"""What goes wrong in a browser is noticed: these tests make it go wrong."""

import http.server
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.fakes.browser import violations
from tests.fakes.watch import Watch

PAGE = b"""<!doctype html><title>x</title><h1>x</h1><img src="/missing.png"><button></button>
<script src="/wrong.js"></script><script>inline()</script><img src="http://127.0.0.1:9/elsewhere.png">"""


class Wrong(http.server.BaseHTTPRequestHandler):
    """A page of which everything is wrong that can be."""

    def do_GET(self) -> None:
        body = {"/": PAGE, "/wrong.js": b"console.error('said so'); throw new Error('thrown')"}.get(self.path)
        self.send_response(200 if body else 500)
        self.send_header("content-type", "text/javascript" if self.path.endswith("js") else "text/html")
        self.send_header("content-security-policy", "script-src 'self'")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def wrong() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Wrong) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_everything_that_goes_wrong_is_found_and_what_is_allowed_must_come(chromium: Browser, wrong: str) -> None:
    watch = Watch()
    context = chromium.new_context()
    watch.over(context, wrong)
    page = context.new_page()
    page.goto(wrong, wait_until="load")
    assert any(found.startswith("button-name (critical)") for found in violations(page))
    context.close()

    found = watch.problems()
    for beginning in ("500 GET /missing.png", "script: thrown", "policy: script-src-elem", "console: said so"):
        assert any(one.startswith(beginning) for one in found), beginning
    for beginning in ("elsewhere: GET http://127.0.0.1:9/elsewhere.png", "failed: GET /elsewhere.png"):
        assert any(one.startswith(beginning) for one in found), beginning

    watch.allow("GET /missing.png", "GET /other.png")
    assert not any("missing.png" in one for one in watch.problems())
    assert "expected and did not come: GET /other.png" in watch.problems()
