"""`lineup chat`: the answer on standard output, figures beside it, refusals with what an administrator can do."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Lineup, copied
from tests.fakes.paced import Paced
from tests.fakes.provider import HANG, FakeProvider, delta, event_bytes, fake_provider, head, reply, stream
from tests.fakes.server import Server, Workbench


@pytest.fixture(scope="module")
def echoing_once(made_once: Path, tmp_path_factory: pytest.TempPathFactory, echo: Paced) -> Path:
    """A folder with a model that says what it hears."""
    folder = tmp_path_factory.mktemp("chatting")
    there = copied(made_once, folder)
    there.provider(echo.base_url)
    there.ok("models", "add", "paced-echo", "--provider", "local", "--visible")
    there.ok("models", "add", "hidden", "--provider", "local")
    return there.folder


@pytest.fixture
def echoing(echoing_once: Path, tmp_path: Path) -> Lineup:
    return copied(echoing_once, tmp_path)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with fake_provider() as provider:
        yield provider


def test_an_answer_streams_and_its_figures_stand_beside_it(echoing: Lineup) -> None:
    result = echoing("chat", "paced-echo", "red fox", "--max-tokens", "4")
    assert (result.exit_code, result.stdout) == (0, "red fox red fox \n")
    assert "first text after" in result.stderr
    assert "4 tokens in" in result.stderr
    assert "tokens/s; paced-echo at local" in result.stderr


def test_it_can_come_whole_from_standard_input_and_in_json(echoing: Lineup) -> None:
    whole = echoing("chat", "paced-echo", "-", "--no-stream", "--max-tokens", "2", input="red fox")
    assert whole.stdout == "red fox \n"
    assert "2 tokens in" in whole.stderr
    told = echoing.json("chat", "paced-echo", "hello", "--max-tokens", "1")
    assert (told["model"], told["choices"][0]["message"]["content"]) == ("paced-echo", "hello ")


@pytest.mark.parametrize(
    ("words", "code", "remedy"),
    [
        (["hidden", "x"], "model_not_found", "It is hidden: `lineup models unhide 2`"),
        (["paced-ech", "x"], "model_not_found", "Did you mean paced-echo?"),
        (["paced-echo", "x", "--as", "agent"], "model_not_enabled_for_agents", "`lineup models agents-on 1`"),
    ],
)
def test_a_refusal_says_what_an_administrator_can_do(echoing: Lineup, words: list[str], code: str, remedy: str) -> None:
    result = echoing("chat", *words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert code in result.stderr
    assert remedy in " ".join(result.stderr.split())


def test_a_provider_that_is_off_is_named(echoing: Lineup) -> None:
    echoing.ok("providers", "disable", "local")
    assert "`lineup providers enable local`" in echoing("chat", "paced-echo", "x").stderr


def test_nothing_to_say_is_a_wrong_use(echoing: Lineup) -> None:
    assert echoing("chat", "paced-echo", "  ").exit_code == 2
    assert echoing("chat", "paced-echo", "x", "--url", "https://x.example", "--key", "k", "--as", "user").exit_code == 2


def test_instructions_come_first_and_an_agent_is_let_in_where_agents_are(
    lineup: Lineup, provider: FakeProvider
) -> None:
    answer = {"choices": [{"message": {"content": "Yes"}, "finish_reason": "stop"}], "model": "m"}
    provider.answer("/chat/completions", reply(answer))
    lineup.provider(provider.base_url)
    lineup.ok("models", "add", "m", "--provider", "local", "--visible", "--agents")
    words = ("chat", "m", "Hello", "--system", "Be kind.", "--no-stream", "--as", "agent")
    assert lineup.ok(*words) == "Yes\n"
    sent = provider.requests[-1].json
    assert sent["messages"] == [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hello"}]


def test_an_answer_that_breaks_off_fails_with_1_and_keeps_what_came(lineup: Lineup, provider: FakeProvider) -> None:
    provider.answer("/chat/completions", stream([event_bytes(delta("Hel")), "cut"]))
    lineup.provider(provider.base_url)
    lineup.ok("models", "add", "m", "--provider", "local", "--visible")
    result = lineup("chat", "m", "Hello")
    assert (result.exit_code, result.stdout) == (1, "Hel\n")
    assert "upstream_broken" in result.stderr


def test_ctrl_c_ends_it_at_the_provider_too(lineup: Lineup, provider: FakeProvider) -> None:
    provider.answer(
        "/chat/completions", [head(200, "text/event-stream", "connection: close"), event_bytes(delta("Hel")), HANG]
    )
    lineup.provider(provider.base_url)
    lineup.ok("models", "add", "m", "--provider", "local", "--visible")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LINEUP_")}
    command = [sys.executable, "-m", "model_lineup.cli", "--data-dir", str(lineup.folder), "chat", "m", "Hello"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read(3) == "Hel"
        process.send_signal(signal.SIGINT)
        rest, told = process.communicate(timeout=60)
    assert (process.returncode, rest) == (130, "\n")
    assert "Ended, at the provider too." in told
    assert "Traceback" not in told


def test_a_model_that_ends_says_so_beside_its_answer(echoing: Lineup) -> None:
    call = ("chat", "paced-echo", "red fox", "--max-tokens", "2")
    assert "This model" not in echoing(*call).stderr
    echoing.ok("models", "add", "other one", "--provider", "local", "--visible")
    retire = ["models", "retire", "paced-echo", "--successor", "other one", "--message", "Bitte wechseln, 新!"]
    echoing.ok(*retire)
    assert echoing(*call).stderr.endswith("This model is deprecated; other one follows it; Bitte wechseln, 新!\n")
    echoing.ok(*retire, "--at", "2127-01-31")
    told = echoing(*call)
    assert "This model ends on Fri, 31 Jan 2127 00:00:00 GMT; other one follows it" in told.stderr
    assert told.stdout == "red fox \n"


def test_a_call_without_a_key_is_in_the_ledger_as_that_of_the_local_command_line(echoing: Lineup) -> None:
    echoing.ok("chat", "paced-echo", "red fox", "--max-tokens", "2")
    echoing("chat", "hidden", "red fox")
    refused, answered = echoing.json("usage", "requests")["requests"]
    assert (refused["outcome"], refused["code"], refused["key"]) == ("refused", "model_not_found", None)
    assert (answered["outcome"], answered["on_behalf_of"], answered["key"], answered["completion_tokens"]) == (
        "completed",
        "local command line",
        None,
        2,
    )
    impact = echoing.json("models", "impact", "paced-echo")
    assert (impact["requests"], impact["keys_total"], impact["keys"]) == (1, 0, [])
    rehearsed = echoing.json("models", "hide", "paced-echo", "--dry-run")["impact"]
    assert (rehearsed["keys"], rehearsed["requests_30d"]) == (0, 1)


def test_with_a_key_its_limits_hold_here_too_and_the_call_is_that_keys(echoing: Lineup) -> None:
    made = echoing.json("keys", "create", "app", "--kind", "agent", "--requests-per-minute", "2")
    call = ("chat", "paced-echo", "red fox", "--max-tokens", "2", "--key", made["key"])
    assert "model_not_enabled_for_agents" in echoing(*call).stderr
    echoing.ok("models", "agents-on", "paced-echo")
    assert [echoing(*call).exit_code for _ in range(3)] == [0, 0, 1]
    assert "(key_limit_reached)" in echoing(*call).stderr
    whose = {(one["key"]["name"], one["on_behalf_of"]) for one in echoing.json("usage", "requests")["requests"]}
    assert whose == {("app", None)}
    admin = echoing.json("keys", "create", "boss", "--kind", "admin")["key"]
    assert "wrong_credential_kind" in echoing("chat", "paced-echo", "x", "--key", admin).stderr
    assert echoing(*call, "--as", "user").exit_code == 2


def test_a_server_elsewhere_wants_a_key_of_its_callers(
    lineup: Lineup, server: Server, workbench: Workbench, echo: Paced
) -> None:
    row = workbench.provider(echo.base_url)
    workbench.model(row["id"], "paced-echo", visible=True)
    name = f"{row['slug']}/paced-echo"
    there = {"LINEUP_URL": server.url, "LINEUP_DATA_DIR": ""}
    user = lineup("chat", name, "hello", "--max-tokens", "2", env={**there, "LINEUP_KEY": workbench.key("user")["key"]})
    assert (user.exit_code, user.stdout) == (0, "hello hello \n")
    agent = lineup("chat", name, "x", env={**there, "LINEUP_KEY": workbench.key("agent")["key"]})
    assert (agent.exit_code, "model_not_enabled_for_agents" in agent.stderr) == (1, True)
    admin = lineup("chat", name, "x", env={**there, "LINEUP_KEY": workbench.key("admin")["key"]})
    assert (admin.exit_code, "wrong_credential_kind" in admin.stderr) == (1, True)
