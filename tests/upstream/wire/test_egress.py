"""Who may be talked to, under which scope, whatever a name answers; and never Lineup itself."""

from collections.abc import Collection, Sequence

import pytest

from model_lineup.upstream.wire import (
    AddressRefused,
    Client,
    Deadlines,
    Path,
    Request,
    Scope,
    check_url,
    within,
)
from tests.fakes.wire_server import Tripwire, WireServer, ok, saying

from .conftest import Run

PUBLIC, PRIVATE, LOOPBACK, NEVER = Scope.PUBLIC, Scope.PRIVATE, Scope.LOOPBACK, None
SHORT = Deadlines(connect_s=20, first_byte_s=20, idle_s=20, total_s=40)


class Resolver:
    """Answers each question with the next of its answers, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.questions.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


FORBIDDEN_ANSWERS = [
    (["127.0.0.1"], PUBLIC, LOOPBACK),
    (["127.0.0.1"], PRIVATE, LOOPBACK),
    (["::1"], PRIVATE, LOOPBACK),
    (["::ffff:127.0.0.1"], PRIVATE, LOOPBACK),
    (["10.0.0.1"], PUBLIC, PRIVATE),
    (["93.184.216.34", "127.0.0.1"], PUBLIC, LOOPBACK),
    (["127.0.0.1", "93.184.216.34"], PRIVATE, LOOPBACK),
    (["93.184.216.34"], LOOPBACK, PUBLIC),
    (["127.0.0.1", "0.0.0.0"], LOOPBACK, NEVER),
    (["0.0.0.0"], LOOPBACK, NEVER),
    (["169.254.169.254"], PRIVATE, NEVER),
    (["fe80::1%lo"], LOOPBACK, NEVER),
]


@pytest.mark.parametrize(("answers", "scope", "needed"), FORBIDDEN_ANSWERS)
def test_one_forbidden_answer_of_a_name_refuses_them_all(
    run: Run, answers: list[str], scope: Scope, needed: Scope | None
) -> None:
    async def scenario() -> None:
        with Tripwire() as tripwire:
            client = Client(resolver=Resolver(answers))
            scheme = "https" if scope is PUBLIC else "http"
            request = Request("GET", f"{scheme}://rebind.example:{tripwire.port}")
            with pytest.raises(AddressRefused) as caught:
                await client.send(request, path=Path(scope=scope), deadlines=SHORT)
            assert caught.value.needed is needed
            assert not tripwire.was_touched()
            await client.close()

    run(scenario())


def test_a_name_that_changes_its_mind_is_asked_once_and_reached_where_it_was_checked(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok(b"checked")), host="127.0.0.2", name="rebind.example") as server:
            with Tripwire(port=server.port) as tripwire:  # 0.0.0.0 leads to 127.0.0.1 on Linux
                resolver = Resolver(["127.0.0.2"], ["0.0.0.0"])
                client = Client(resolver=resolver)
                path = Path(scope=LOOPBACK)
                async with await client.send(Request("GET", server.url), path=path, deadlines=SHORT) as response:
                    assert await response.read(10) == b"checked"
                assert resolver.questions == ["rebind.example"]
                other = Request("GET", server.url, (("x-api-key", "another, so another connection"),))
                with pytest.raises(AddressRefused):
                    await client.send(other, path=path, deadlines=SHORT)
                assert len(resolver.questions) == 2
                assert not tripwire.was_touched()
                await client.close()

    run(scenario())


@pytest.mark.parametrize("url", ["http://127.0.0.1:{}", "http://127.1:{}", "http://[::ffff:7f00:1]:{}"])
def test_a_literal_is_checked_although_no_name_is_resolved(run: Run, url: str) -> None:
    async def scenario() -> None:
        with Tripwire() as tripwire:
            client = Client()
            request = Request("GET", url.format(tripwire.port))
            with pytest.raises(AddressRefused, match="'loopback'"):
                await client.send(request, path=Path(scope=PRIVATE), deadlines=SHORT)
            assert not tripwire.was_touched()
            await client.close()

    run(scenario())


@pytest.mark.parametrize(
    ("listener", "answer"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::ffff:127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("0.0.0.0", "127.8.8.8"),
        ("::", "127.0.0.1"),
        ("gateway.example", "127.0.0.1"),
    ],
)
def test_lineup_does_not_talk_to_itself(run: Run, listener: str, answer: str) -> None:
    async def scenario() -> None:
        with Tripwire() as tripwire:

            def own_listeners() -> Collection[tuple[str, int]]:
                return [(listener, tripwire.port)]

            client = Client(resolver=Resolver([answer]), forbidden_origins=own_listeners)
            request = Request("GET", f"http://gateway.example:{tripwire.port}")
            with pytest.raises(AddressRefused, match="Lineup itself") as caught:
                await client.send(request, path=Path(scope=LOOPBACK), deadlines=SHORT)
            assert caught.value.needed is None
            assert not tripwire.was_touched()
            await client.close()

    run(scenario())


def test_another_port_of_this_machine_is_not_lineup_itself(run: Run) -> None:
    async def scenario() -> None:
        async with WireServer(saying(ok())) as server:
            client = Client(forbidden_origins=lambda: [("0.0.0.0", server.port - 1)])
            path = Path(scope=LOOPBACK)
            async with await client.send(Request("GET", server.url), path=path, deadlines=SHORT) as response:
                assert response.status == 200
            await client.close()

    run(scenario())


@pytest.mark.parametrize("scope", Scope)
@pytest.mark.parametrize("host", ["metadata.google.internal", "METADATA.google.internal.", "metadata", "instance-data"])
def test_a_metadata_service_is_refused_by_name_before_it_is_resolved(host: str, scope: Scope) -> None:
    with pytest.raises(AddressRefused, match="metadata service") as caught:
        check_url(f"https://{host}/v1", scope)
    assert caught.value.needed is NEVER


@pytest.mark.parametrize("url", ["http://127.0.0.1:8484/v1", "http://localhost:8484", "http://[::ffff:127.0.0.1]:8484"])
@pytest.mark.parametrize("listener", ["127.0.0.1", "0.0.0.0", "::"])
def test_lineup_itself_is_refused_when_it_is_entered(url: str, listener: str) -> None:
    with pytest.raises(AddressRefused, match="Lineup itself"):
        check_url(url, LOOPBACK, [(listener, 8484)])
    assert check_url(url.replace("8484", "8485"), LOOPBACK, [(listener, 8484)])


def test_lineup_is_refused_by_its_public_name_too() -> None:
    with pytest.raises(AddressRefused, match="Lineup itself"):
        check_url("https://lineup.example.com/v1", PUBLIC, [("lineup.example.com", 443)])


@pytest.mark.parametrize(
    ("scope", "widest", "inside"),
    [
        ("public", "public", True),
        ("private", "public", False),
        ("loopback", "public", False),
        ("private", "private", True),
        ("loopback", "private", False),
        ("loopback", "loopback", True),
    ],
)
def test_a_ceiling_over_scopes(scope: str, widest: str, inside: bool) -> None:
    assert within(scope, widest) is inside
