"""How far an instance has come: what is there decides, not what was clicked."""

from typing import NamedTuple

from model_lineup.rooms import Rooms


class Step(NamedTuple):
    """`path`: where it is done. `optional`: Lineup is of use without it."""

    title: str
    text: str
    path: str
    is_done: bool
    optional: bool = False


class Progress(NamedTuple):
    steps: list[Step]

    @property
    def is_done(self) -> bool:
        return all(step.is_done or step.optional for step in self.steps)

    @property
    def next_path(self) -> str:
        """Of the first step that is not done; the last one when all are."""
        return next((step.path for step in self.steps if not step.is_done), "/start/use")


def progress(there: Rooms) -> Progress:
    found, providers = there.providers.page(limit=1, offset=0)
    counts = there.census.total()
    aliases = there.aliases.page(limit=1, offset=0).total
    keys = there.keys.page(limit=1, offset=0)[1]
    check = f"/start/check?provider={found[0].id}" if found else "/start/provider"
    return Progress(
        [
            Step("Add a provider", "Where your models come from.", "/start/provider", providers > 0),
            Step("Fetch its models", "Test the connection, then read its list.", check, counts.models > 0),
            Step("Choose models", "Nothing is visible until you choose it.", "/start/models", counts.visible > 0),
            Step("Name one", "An alias that stays when the model changes.", "/start/alias", aliases > 0, True),
            Step("Call it", "A key, and what to copy into your program.", "/start/use", keys > 0),
        ]
    )
