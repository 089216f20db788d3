from typing import Any

import pytest

from tests.fakes.refusing import Doubter
from tests.fakes.server import Server, Workbench


@pytest.fixture
def desk(server: Server, workbench: Workbench) -> Doubter:
    return Doubter(server, workbench)


@pytest.fixture
def model(workbench: Workbench) -> dict[str, Any]:
    return workbench.model(visible=True)
