"""What `/metrics` says of requests to models."""

import pytest

from model_lineup.ledger.figures import Figures
from model_lineup.metrics import Metrics
from model_lineup.rooms import Rooms
from tests.fakes.clock import ManualClock
from tests.fakes.instances import Kind
from tests.fakes.usage import entry


@pytest.fixture
def kind() -> Kind:
    """Nothing of it is read from the database."""
    return "sqlite"


def test_requests_tokens_and_first_contents_are_counted(rooms: Rooms, clock: ManualClock) -> None:
    metrics = Metrics()
    rooms.ledger.told = Figures(metrics).count
    for _ in range(3):
        rooms.ledger.note(entry(cached_tokens=4))
    rooms.ledger.note(entry(surface="embeddings", outcome="refused", prompt_tokens=None, first_content_at=None))
    rooms.ledger.flush()
    said = metrics.exposition().decode()
    assert 'lineup_v1_requests_total{outcome="completed",surface="chat"} 3.0' in said
    assert 'lineup_v1_requests_total{outcome="refused",surface="embeddings"} 1.0' in said
    assert 'lineup_v1_tokens_total{surface="chat",token_type="input"} 15.0' in said
    assert 'lineup_v1_tokens_total{surface="chat",token_type="cached_input"} 12.0' in said
    assert 'gen_ai_server_time_to_first_token_seconds_count{gen_ai_operation_name="chat"} 3.0' in said


def test_losses_are_counted(rooms: Rooms) -> None:
    metrics = Metrics()
    rooms.ledger.told_losses = Figures(metrics).lose
    rooms.ledger.note(entry(status="what no database takes"))
    rooms.ledger.flush()
    assert "lineup_usage_lost_total 1.0" in metrics.exposition().decode()
