"""Where histories at random are played: an instance with its applications, two callers, two groups, and other keys."""

import asyncio
from contextlib import ExitStack
from typing import Any

from tests.fakes.asgi import InProcess
from tests.fakes.callable_names import Caller
from tests.fakes.provider import Got, reply
from tests.fakes.v1 import V1

LEAST_KEYS = 10
"""Below which no share of keys is rolled out."""


class Stage:
    """The loop, the applications, the callers' keys and two groups that all histories share."""

    def __init__(self, v1: V1, stack: ExitStack) -> None:
        self.shell = v1.shell()
        self.groups = [v1.desk.group(name).id for name in ("research", "sales")]
        self.keys: dict[Caller, int] = {
            "agent" if one.kind == "agent" else "user": one.key_id
            for one in v1.rooms.follower.current().callers.values()
        }
        for number in range(LEAST_KEYS):
            v1.desk.key(f"other-{number}")
        self.admin = InProcess(
            v1.rooms, v1.rooms.sessions.sign_in("admin@example.com", "correct horse battery").access_token
        )
        self.steps = 0
        self._runner = stack.enter_context(asyncio.Runner())
        stack.callback(lambda: self.run(v1.rooms.upstream.close()))

    def run(self, coroutine: Any) -> Any:
        return self._runner.run(coroutine)


def echo(_got: Got) -> Any:
    message = {"role": "assistant", "content": "Hi"}
    return reply({"model": "whatever", "choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})
