"""What the verbs of `lineup drill` do: ask the drill server for its cases, and the admin API for providers of them."""

import contextlib
from typing import Any

from model_lineup.cli.client import Admin, Answer
from model_lineup.cli.misused import Misused
from model_lineup.cli.session import Session
from model_lineup.clock import tick

PORT = 8490
KINDS = ("fault", "openai", "anthropic", "google", "ollama", "azure")
_KEY = "drill-not-a-real-key"
_SHORT_S = 2.0
_TIMEOUTS = ("connect_s", "first_byte_s", "idle_s", "stream_total_s", "plain_total_s", "test_s")


def cases_of(words: list[str]) -> list[dict[str, Any]]:
    """Every case whose name or story holds all of these words."""
    from model_lineup.demo.faults.case import cases

    found = []
    for case in cases().values():
        if all(word.lower() in f"{case.name} {case.story}".lower() for word in words):
            expected = {what: case.expected(what) for what in ("list", "test", "plain")}
            found.append({"case": case.name, "story": case.story, "expected": expected, "slow": case.slow})
    return found


def index(port: int) -> Any:
    """What the drill server tells about its cases. Raises Refused when none listens there."""
    from model_lineup.cli.remote import Remote

    with contextlib.closing(Admin(Remote(f"http://127.0.0.1:{port}", _KEY))) as server:
        return server.call("GET", "/").json


class Rehearsal:
    """Cases in one format, met through the Lineup of a session."""

    def __init__(self, here: Session, port: int, kind: str) -> None:
        if kind not in KINDS:
            raise Misused(f"{kind!r} is none of {', '.join(KINDS)}.")
        self._here = here
        self._kind = kind
        self._wire = "openai" if kind == "fault" else kind
        self._cases = {one["case"]: one for one in index(port)["cases"]}

    def chosen(self, names: list[str], words: list[str]) -> list[str]:
        """These cases and those that hold a word; all when nothing is said."""
        for name in names:
            self._case(name)
        found = [one["case"] for word in words for one in cases_of([word])]
        wanted = dict.fromkeys([*names, *found]) if names or words else dict.fromkeys(self._cases)
        return [name for name in wanted if self._wire in self._cases[name]["base_urls"]]

    def add(self, name: str, *, impatient: bool = False) -> tuple[Answer, Any, Any]:
        """The answer of the change, the provider and its model. `impatient`: no timeout is over two seconds."""
        case = self._case(name)
        if self._wire not in case["base_urls"]:
            raise Misused(f"The case {name!r} cannot be said in the format of {self._kind!r}.")
        body = {
            "name": f"Drill {name}",
            "type": self._kind,
            "base_url": case["base_urls"][self._wire],
            "network_scope": "loopback",
            "api_key": _KEY,
            **({"ca_bundle": case["authority"]} if case["authority"] else {}),
            **({"timeouts": dict.fromkeys(_TIMEOUTS, _SHORT_S)} if impatient else {}),
        }
        answer = self._here.post("providers", body)
        provider = answer.json
        model = self._here.post("models", {"provider_id": provider["id"], "model_id": "drill"}).json
        return answer, provider, model

    def meet(self, name: str) -> dict[str, Any]:
        """List and test one case, and take it away again."""
        case = self._case(name)
        _, provider, _ = self.add(name, impatient=case["slow"])
        began = tick()
        try:
            listed = self._here.post(f"providers/{provider['id']}/test").json
            tested = self._here.admin.call(
                "POST",
                "models/by-id/test/connection",
                query={"model_id": "drill", "provider_id": provider["id"]},
            ).json
        finally:
            took_s = tick() - began
            self._here.delete(f"providers/{provider['id']}", force=True)
        found = {"list": listed["stage"] or "passes", "test": tested["stage"] or "passes"}
        fits = all(found[what] in _stages(case["expected"][what]) for what in ("list", "test"))
        return {"case": name, **found, "as_expected": fits, "seconds": round(took_s, 2), "expected": case["expected"]}

    def _case(self, name: str) -> dict[str, Any]:
        found = self._cases.get(name)
        if found is None:
            raise Misused(f"There is no case {name!r}. `lineup drill list` tells them all.")
        return dict(found)


def _stages(expected: str) -> set[str]:
    return {one.partition("/")[0] for one in expected.split(" or ")}
