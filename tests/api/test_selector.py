"""What people may choose from, beside what `/v1/models` lists for their keys."""

from typing import Any

import pytest

from tests.fakes.server import Client, Server, Workbench


class Shelf:
    """Models of one provider in every state, a person with the least role, and a key of each sort."""

    def __init__(self, server: Server, workbench: Workbench) -> None:
        provider = workbench.provider()
        self.stem = workbench.name("shelf")
        self.workbench = workbench
        self.both = self._model(provider["id"], "both", visible=True, agents_enabled=True, display_name="For Both")
        self.people = self._model(provider["id"], "people", visible=True)
        self.hidden = self._model(provider["id"], "hidden")
        self.unlisted = self._model(provider["id"], "unlisted", visible=True, listed=False)
        workbench.alias(self.both["model_id"], f"{self.stem}-alias")
        self.person: Client = server.client(workbench.person("user")[1])
        self.keys = {kind: server.client(workbench.key(kind)["key"]) for kind in ("user", "agent")}

    def _model(self, provider_id: int, name: str, **fields: Any) -> dict[str, Any]:
        return self.workbench.model(provider_id, f"{self.stem}-{name}", **fields)

    def chosen(self, kind: str = "user", **query: Any) -> list[Any]:
        said = "".join(f"&{name}={value}" for name, value in query.items())
        found: list[Any] = self.person.must("GET", f"/api/models?as={kind}&limit=1000{said}")["models"]
        return [one for one in found if one["name"].startswith(self.stem)]

    def listed(self, kind: str) -> list[Any]:
        data = self.keys[kind].must("GET", "/v1/models")["data"]
        return [one for one in data if one["id"].startswith(self.stem)]


@pytest.fixture(scope="module")
def shelf(server: Server, workbench: Workbench) -> Shelf:
    return Shelf(server, workbench)


@pytest.mark.parametrize("kind", ["user", "agent"])
def test_both_lists_say_the_same(shelf: Shelf, kind: str) -> None:
    chosen, listed = shelf.chosen(kind), shelf.listed(kind)
    assert [one["name"] for one in chosen] == [one["id"] for one in listed]
    assert [one["display_name"] for one in chosen] == [one["display_name"] for one in listed]
    assert [one["alias_of"] for one in chosen] == [one.get("alias_of") for one in listed]
    wanted = {"user": ["alias", "both", "people"], "agent": ["alias", "both"]}[kind]
    assert [one["name"].removeprefix(f"{shelf.stem}-") for one in chosen] == wanted


def test_a_person_of_any_role_may_choose(server: Server, shelf: Shelf) -> None:
    [alias, both, _] = shelf.chosen()
    assert (both["display_name"], both["agents_enabled"], both["alias_of"]) == ("For Both", True, None)
    assert (alias["display_name"], alias["alias_of"]) == ("For Both", shelf.both["model_id"])
    assert server.client().get("/api/models").code == "not_signed_in"
    assert shelf.keys["user"].get("/api/models").code == "not_signed_in"


def test_what_is_hidden_is_gone_at_once_and_back_at_once(shelf: Shelf) -> None:
    path = f"/api/admin/models/{shelf.people['id']}"
    shelf.workbench.admin.must("PUT", path, {"visible": False})
    assert shelf.people["model_id"] not in [one["name"] for one in shelf.chosen()]
    shelf.workbench.admin.must("PUT", path, {"visible": True})
    assert shelf.people["model_id"] in [one["name"] for one in shelf.chosen()]


def test_a_part_of_a_name_finds_and_pages_follow_each_other(shelf: Shelf) -> None:
    assert [one["display_name"] for one in shelf.chosen(q="FOR+BOTH")] == ["For Both", "For Both"]
    path = f"/api/models?q={shelf.stem}&limit=2"
    first, second = (shelf.person.must("GET", f"{path}&offset={offset}") for offset in (0, 2))
    assert (first["total"], len(first["models"]), len(second["models"])) == (3, 2, 1)
    assert [*first["models"], *second["models"]] == shelf.chosen()
