"""The overview: what wants attention, what was measured, what was changed, and what is left to set up."""

from pathlib import Path

from tests.fakes.pages import Looker, text_of
from tests.fakes.provider import fake_provider, hello, reply
from tests.fakes.server import Workbench, by_id, running_server


def listed(*ids: str) -> dict[str, object]:
    return {"object": "list", "data": [{"id": one, "object": "model"} for one in ids]}


def test_it_tells_of_everything_that_wants_attention(tmp_path: Path) -> None:
    with running_server(tmp_path) as server, fake_provider() as up:
        workbench, looker = Workbench(server.admin()), Looker(server.client()).sign_in()
        said = text_of(looker.get("/admin/"))
        for words in ("What is left to set up", "No model was measured yet.", "Nothing: no model is visible."):
            assert words in said

        up.answer("/models", reply(listed("stays", "goes")), reply(listed("stays")))
        up.answer("/chat/completions", hello())
        provider, gone = workbench.provider(up.base_url), workbench.provider()
        for one in (provider, provider, gone):
            workbench.admin.post(f"/api/admin/providers/{one['id']}/fetch")
            workbench.admin.must("PUT", "/api/admin/models/bulk/visibility", {"filter": {}, "visible": True})
        failing = workbench.model(gone["id"], visible=True)
        looker.follow(looker.send(f"/admin/models/{failing['id']}/test"))
        end = {"sunset_at": "2031-01-31T12:00:00Z"}
        ending = workbench.model(provider["id"], visible=True, lifecycle=end)
        workbench.admin.must("POST", by_id("stays", "/benchmark"), {"requests": 1, "max_tokens": 2, "warmup": 0})

        said = text_of(looker.get("/admin/"))
        for words in (
            f"{gone['name']}: ",
            "1 visible model failing",
            "never tested",
            "1 visible model gone from their provider's list",
            f"{ending['model_id']} ends",
            "finishedstays",  # its state and the model
            f"made model {ending['model_id']}",
        ):
            assert words in " ".join(said.split()), words
        assert "No model was measured yet." not in said
