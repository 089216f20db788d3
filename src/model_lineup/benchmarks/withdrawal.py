"""Whether a model that is being measured was withdrawn meanwhile: then nobody wants its run paid to the end."""

from typing import NamedTuple

from model_lineup.catalog.models import Models
from model_lineup.errors import ModelNotFound


class Withdrawn(NamedTuple):
    """`error` is a code, `message` says what happened."""

    error: str
    message: str


class Withdrawal:
    """What has changed since it was made. A model that was hidden before is one that somebody tries before showing it:
    such a run goes on."""

    def __init__(self, models: Models, model_row: int) -> None:
        self._models = models
        self._row = model_row
        self._before: tuple[bool, bool] | None = None

    def look(self) -> Withdrawn | None:
        """None while all is as it was at the first look, or better. Raises DatabaseBusy, Unavailable."""
        try:
            model = self._models.get(self._row)
        except ModelNotFound:
            return Withdrawn("model_deleted", "The model was deleted while it was measured.")
        was_visible, was_enabled = self._before = self._before or (model.visible, model.provider.enabled)
        if was_visible and not model.visible:
            return Withdrawn("model_hidden", "The model was hidden while it was measured.")
        if was_enabled and not model.provider.enabled:
            return Withdrawn("provider_disabled", "The provider was switched off while the model was measured.")
        return None
