"""`lineup demo`: Lineup with a real local model behind it, registered, tested and benchmarked before your eyes.

`upstream.py` has what answers, `stage.py` the folder, the settings and the password, `tour.py` what is shown. The
server runs in the main thread of this process, the tour beside it, over HTTP as any other client.
"""

from typing import Annotated

import typer

from model_lineup.cli import show
from model_lineup.cli.serve import Port, sigterm_ends_in_order
from model_lineup.cli.session import Session


def demo(
    here: Session,
    port: Port = None,
    once: Annotated[bool, typer.Option("--once", help="End after the tour instead of serving on.")] = False,
) -> None:
    """Try Lineup with a real small model: registered, tested, called, hidden from its caller and shown again, and
    benchmarked; then Lineup keeps serving.

    Its data stay in lineup-data/demo, or in the folder that --data-dir names; running it again goes on with them.
    """
    from model_lineup.cli.demo import upstream
    from model_lineup.cli.demo.stage import Stage
    from model_lineup.cli.demo.tour import Tour

    stage = Stage.in_folder(here.place.data_dir, port)
    show.line(f"Lineup demo. Its data are in {stage.folder}; Ctrl-C ends it.\n")
    with sigterm_ends_in_order(), upstream.running(stage.folder) as answering:
        Tour(stage, answering, once=once).run()
