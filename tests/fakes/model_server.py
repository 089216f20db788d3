"""The real local model, once for the whole session; without it the tests that need it are skipped, and say why."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from model_lineup.demo.model_server import LocalModel, is_available, why_not_available


def running_model(log: Path) -> Iterator[LocalModel]:
    if not is_available():
        pytest.skip(why_not_available())
    with LocalModel(log) as model:
        yield model
