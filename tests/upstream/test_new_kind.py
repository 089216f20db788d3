"""One more kind of provider is one file: it is found by scan, offered, documented, and held to what holds for all."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from model_lineup.upstream import kinds as package
from model_lineup.upstream import registry
from tests.upstream import test_kinds
from tools import docs_kinds

TOY = '''
"""A kind of provider that nobody has heard of."""

from model_lineup.upstream.kinds.openai import OpenAIKind


class ToyKind(OpenAIKind):
    name = "toy"
    label = "Toy"
    default_base_url = "https://toy.example/v1"


KIND = ToyKind()
'''


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """As if `toy.py` lay beside the others."""
    (tmp_path / "toy.py").write_text(TOY)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    forget()
    yield "toy"
    sys.modules.pop(f"{package.__name__}.toy", None)
    forget()


def forget() -> None:
    registry.kinds.cache_clear()
    registry.offered.cache_clear()


def test_a_kind_is_one_file_that_is_found_by_scan(toy: str) -> None:
    assert registry.kind_named(toy).label == "Toy"
    assert toy in registry.offered()
    assert "Toy" in docs_kinds.page()


def test_what_holds_for_every_kind_is_asked_of_it(toy: str) -> None:
    asked = 0
    for name, test in vars(test_kinds).items():
        wants = inspect.signature(test).parameters if name.startswith("test_") else {}
        if "name" in wants:
            test(**{"name": toy, **({"model_id": "a/b c"} if "model_id" in wants else {})})
            asked += 1
    assert asked >= 5


def test_it_is_gone_with_its_file() -> None:
    assert "toy" not in registry.kinds()
