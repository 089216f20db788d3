"""The demo's server, and the tour beside it: phases with their times, then where to go from here."""

import logging
import os
import signal
import threading

from model_lineup import serving
from model_lineup.cli import show
from model_lineup.cli.client import Admin, Refused
from model_lineup.cli.demo import phases
from model_lineup.cli.demo.farewell import tell_farewell
from model_lineup.cli.demo.stage import EMAIL, Stage
from model_lineup.cli.demo.upstream import Upstream
from model_lineup.cli.place import Place
from model_lineup.cli.remote import Remote
from model_lineup.cli.session import Session
from model_lineup.clock import tick

JOIN_S = 5.0


class Tour:
    def __init__(self, stage: Stage, upstream: Upstream, *, once: bool) -> None:
        self._stage = stage
        self._upstream = upstream
        self._once = once
        self._began = tick() - upstream.took_s
        self._served_from = 0.0
        self._listens = threading.Event()
        self._over = False
        self._failure: BaseException | None = None

    def run(self) -> None:
        """Serve until SIGTERM, SIGINT or, with `once`, the tour's end. Raises Refused, StartRefused."""
        phases.tell("model", self._upstream.what, self._upstream.took_s)
        if self._upstream.apology:
            show.note(self._upstream.apology)
        guide = threading.Thread(target=self._guide, daemon=True)
        guide.start()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what Ctrl-C cuts off is no news
        self._served_from = tick()
        try:
            serving.serve(self._stage.settings, tell=lambda _: self._listens.set())
        finally:
            self._over = True
            self._listens.set()
        guide.join(JOIN_S)
        if self._failure is not None:
            raise self._failure

    def _guide(self) -> None:
        """The other thread. When it fails the server ends, and `run` raises what it failed with."""
        self._listens.wait()
        try:
            self._walk()
        except BaseException as error:
            if not self._serves():
                return  # it was told to end, under our feet; a second signal would not let it end in order
            self._failure = error
        if self._failure is not None or self._once:
            os.kill(os.getpid(), signal.SIGTERM)

    def _serves(self) -> bool:
        """Whether the server is up, and not about to end."""
        nobody = Admin(Remote(self._stage.url, "-"))
        try:
            return nobody.call("GET", "/readyz").status == 200
        except Refused:
            return False
        finally:
            nobody.close()

    def _walk(self) -> None:
        if self._over:
            return
        here = self._signed_in()
        try:
            key = phases.walk(here, self._upstream, self._stage.url)
        finally:
            here.close()
        show.line(f"\nAll of it took {tick() - self._began:.1f} s.")
        if not self._once:
            tell_farewell(self._stage, EMAIL, key)

    def _signed_in(self) -> Session:
        nobody = Admin(Remote(self._stage.url, "-"))
        try:
            nobody.call("GET", "/livez")
            usual = self._stage.usual_port
            moved = "" if usual in (0, self._stage.settings.port) else f" ({usual} was taken)"
            phases.tell("server", f"{self._stage.url}{moved}, SQLite, {_size(self._stage)}", tick() - self._served_from)
            began = tick()
            login = {"email": EMAIL, "password": self._stage.password}
            token = nobody.call("POST", "/api/auth/login", body=login).json["access_token"]
        except Refused as refused:
            raise _explained(refused, self._stage) from None
        finally:
            nobody.close()
        phases.tell("sign-in", f"as {EMAIL}, who may change everything", tick() - began)
        return Session(Place(), Admin(Remote(self._stage.url, token)))


def _explained(refused: Refused, stage: Stage) -> Refused:
    """A password that does not fit any more has a remedy of its own."""
    if refused.problem.get("status") != 401:
        return refused
    detail = f"The demo's password was changed. Delete {stage.folder} to begin anew, or name another --data-dir."
    return Refused({**refused.problem, "detail": detail, "code": "demo_password"})


def _size(stage: Stage) -> str:
    return f"{sum(file.stat().st_size for file in stage.folder.glob('*.db*')) / 1e6:.1f} MB"
