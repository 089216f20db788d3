"""`lineup serve`: runs the server here."""

import contextlib
import signal
from collections.abc import Iterator
from typing import Annotated

import typer

from model_lineup.cli.session import Session

Host = Annotated[str | None, typer.Option(help="Address to listen on; LINEUP_HOST, else 127.0.0.1.")]
Port = Annotated[int | None, typer.Option(min=0, max=65535, help="LINEUP_PORT, else 8484; 0 takes a free one.")]


def serve(
    here: Session,
    host: Host = None,
    port: Port = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="Processes that serve the port; LINEUP_WORKERS, else 1.")
    ] = None,
    allow_remote_setup: Annotated[
        bool, typer.Option("--allow-remote-setup", help="Let others than this machine open the set-up link.")
    ] = False,
) -> None:
    """Run Lineup until Ctrl-C or SIGTERM. A first start without an administrator prints a set-up link."""
    settings = here.place.settings(host=host, port=port, workers=workers).settings
    from model_lineup import serving
    from model_lineup.cli.owner import refuse_foreign

    refuse_foreign(settings.data_dir)
    with sigterm_ends_in_order():
        serving.serve(settings, allow_remote_setup=allow_remote_setup)


@contextlib.contextmanager
def sigterm_ends_in_order() -> Iterator[None]:
    """Before the server listens for it and after, too: what was begun is ended, and the exit code is 0."""

    def end(*_: object) -> None:
        raise SystemExit(0)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
