"""The paced provider says what it truly did, and does what it was told."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from model_lineup.demo.paced import Pace
from tests.fakes.paced import Paced, paced


@pytest.fixture(scope="module")
def provider() -> Iterator[Paced]:
    with paced("--ttft-ms", "20", "--gap-ms", "5", "--tokens", "8", "--early-role-chunk") as running:
        yield running


def ask(provider: Paced, **body: Any) -> bytes:
    content = json.dumps({"messages": [{"role": "user", "content": "one two three"}], **body}).encode()
    with urllib.request.urlopen(f"{provider.base_url}/chat/completions", data=content) as answer:
        return bytes(answer.read())


def test_offsets_are_absolute_and_stall_at_every_nth_gap() -> None:
    pace = Pace(ttft_ms=100, gap_ms=10, stall_every=2, stall_ms=50)
    assert pace.offsets(5) == pytest.approx([0.1, 0.11, 0.16, 0.17, 0.22])


def test_a_stream_echoes_words_reports_usage_and_ends(provider: Paced) -> None:
    events = ask(provider, stream=True, stream_options={"include_usage": True}).decode().split("\n\n")
    chunks = [json.loads(event.removeprefix("data: ")) for event in events[:-2]]
    text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks if chunk["choices"])
    assert text.split() == ["one", "two", "three", "one", "two", "three", "one", "two"]
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert chunks[-1]["usage"] == {"prompt_tokens": 3, "completion_tokens": 8, "total_tokens": 11}
    assert events[-2:] == ["data: [DONE]", ""]


def test_a_plain_answer_honours_max_tokens(provider: Paced) -> None:
    answer = json.loads(ask(provider, max_tokens=2))
    assert answer["choices"][0]["message"]["content"] == "one two "
    assert answer["usage"]["completion_tokens"] == 2


def test_load_tools_find_it_healthy(provider: Paced) -> None:
    with urllib.request.urlopen(f"{provider.base_url}/health") as answer:
        assert answer.status == 200


def test_stats_tell_what_was_sent_when(provider: Paced) -> None:
    provider.forget()
    ask(provider, stream=True)
    [record] = provider.stats()
    assert record["completed"]
    assert record["tokens"] == 8
    assert record["ttft_ms"] >= 20
    assert len(record["gaps_ms"]) == 7


def test_it_ends_with_the_process_that_started_it() -> None:
    command = [sys.executable, "-m", "model_lineup.demo.paced", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert int(process.stdout.readline()) > 0
        process.stdin.close()
        assert process.wait(5) == 0
