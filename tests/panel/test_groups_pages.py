"""Groups in the panel: made, filled, put on models, and what somebody sees because of them. Without scripts."""

from tests.fakes.pages import Looker, text_of
from tests.fakes.server import Workbench


def test_a_group_is_made_filled_put_on_a_model_and_seen(admin: Looker, workbench: Workbench) -> None:
    provider = workbench.provider("http://127.0.0.1:9/v1")
    model = workbench.model(provider["id"], "for-few", visible=True)
    person, key = workbench.person("user")[0], workbench.key("user")
    admin.get("/admin/groups/new")
    wrong = admin.send("/admin/groups/new", {"name": ""})
    assert (wrong.status, "Name" in text_of(wrong)) == (422, True)
    made = admin.send("/admin/groups/new", {"name": "Panel team", "requests_per_minute": "60"})
    at = made.headers["location"]
    assert "Nobody belongs to it yet" in text_of(admin.follow(made))
    for whom in (person["email"], str(key["id"])):
        admin.follow(admin.send(f"{at}/members", {"whom": whom}))
    assert admin.send(f"{at}/members", {"whom": "nobody@example.com"}).status == 422
    assert f"added the membership of {person['email']} in Panel team" in text_of(admin.get("/admin/activity"))
    filled = text_of(admin.get(at))
    assert person["email"] in filled
    assert "1 person and 1 key belong to it" in filled
    group = at.rsplit("/", 1)[1]
    admin.get(f"/admin/models/{model['id']}/groups")
    page = admin.follow(admin.send(f"/admin/models/{model['id']}/groups", {"groups": [group]}))
    assert "Panel team" in text_of(page)
    assert "for-few" in text_of(admin.get(f"/admin/models?group_id={group}"))
    assert "Who is in Panel team and in no other group, may use" in text_of(admin.get(f"{at}/sees"))
    assert "in the group Panel team, may use" in text_of(admin.get(f"/admin/people/{person['id']}/sees"))
    assert "in a group of: Panel team" in text_of(admin.get(f"/admin/keys/{key['id']}/sees?q=for-few"))
    admin.get(f"/admin/keys/{key['id']}")
    asked = admin.send(f"{at}/members/remove", {"key": key["id"]})
    assert f"0 people and 1 key would lose sight of something{key['name']}." in text_of(asked)
    assert "in a group of: Panel team" in text_of(admin.get(f"/admin/keys/{key['id']}/sees?q=for-few"))
    admin.get(at)
    admin.follow(admin.send(f"{at}/members/remove", {"key": key["id"], "confirm": "true"}))
    assert "only for: Panel team" in text_of(admin.get(f"/admin/keys/{key['id']}/sees?q=for-few"))
    assert b'data-variant="destructive"' not in admin.get(f"{at}/delete").body
    refused = admin.send(f"{at}/delete")
    assert (refused.status, "limited to" in text_of(refused)) == (409, True)
    admin.follow(admin.send(f"/admin/models/{model['id']}/groups", {}))
    changed = admin.send(at, {"name": "Panel crew", "version": "99"})
    assert changed.status == 412
    admin.follow(admin.send(f"{at}/delete"))
    assert "Panel team" not in text_of(admin.get("/admin/groups"))


def test_groups_are_ticked_on_people_and_keys(admin: Looker, workbench: Workbench) -> None:
    group = workbench.admin.must("POST", "/api/admin/groups", {"name": "ticked"})["id"]
    person, key = workbench.person("user")[0], workbench.key("user")
    shown = admin.get(f"/admin/people/{person['id']}")
    assert "ticked" in text_of(shown)
    version = workbench.admin.must("GET", f"/api/admin/people/{person['id']}")["version"]
    fields = {"email": person["email"], "role": "user", "active": "true", "version": version}
    admin.follow(admin.send(f"/admin/people/{person['id']}", {**fields, "groups_shown": "true", "groups": [group]}))
    assert workbench.admin.must("GET", f"/api/admin/people/{person['id']}")["groups"] == [group]
    admin.get(f"/admin/keys/{key['id']}")
    version = workbench.admin.must("GET", f"/api/admin/keys/{key['id']}")["version"]
    fields = {"name": key["name"], "active": "true", "version": version, "was_groups": ""}
    admin.follow(admin.send(f"/admin/keys/{key['id']}", {**fields, "groups_shown": "true", "groups": [group]}))
    assert workbench.admin.must("GET", f"/api/admin/keys/{key['id']}")["groups"] == [group]
    workbench.admin.must("DELETE", f"/api/admin/groups/{group}")


def test_many_models_are_limited_after_a_look_at_who_loses_sight(admin: Looker, workbench: Workbench) -> None:
    provider = workbench.provider("http://127.0.0.1:9/v1")
    models = [workbench.model(provider["id"], visible=True)["id"] for _ in range(2)]
    person = workbench.person("user")[0]
    group = workbench.admin.must("POST", "/api/admin/groups", {"name": "many"})["id"]
    admin.get("/admin/models")
    chosen = {"ids": models, "filter": f"provider_id={provider['id']}"}
    asked = admin.send("/admin/models/bulk", {**chosen, "action": "groups"})
    assert "Limit models to groups" in text_of(asked)
    nothing = admin.send("/admin/models/bulk/groups", {**chosen, "way": "add"})
    assert (nothing.status, "say which groups" in text_of(nothing)) == (422, True)
    look = {**chosen, "way": "add", "groups": [group]}
    seen = text_of(admin.send("/admin/models/bulk/groups", look))
    assert "2 of 2 models would change" in seen
    assert "would lose sight of something" in seen
    stale = admin.send("/admin/models/bulk/groups", {**look, "apply": "true", "matched": "9", "changed": "9"})
    assert "Look again" in text_of(stale)
    said = {"apply": "true", "matched": "2", "changed": "2"}
    other = admin.send("/admin/models/bulk/groups", {**look, **said, "looked": f"set {group}"})
    assert "Look again" in text_of(other), "it was something else that was looked at"
    done = admin.send("/admin/models/bulk/groups", {**look, **said, "looked": f"add {group}"})
    assert done.headers["location"] == f"/admin/models?provider_id={provider['id']}"
    assert workbench.admin.must("GET", f"/api/admin/models/{models[1]}")["groups"] == [group]
    again = admin.send(f"/admin/models/{models[0]}/groups", {"preview": "true"})
    assert "Nobody loses sight of anything" in text_of(again)
    admin.send("/admin/models/bulk/groups", {**chosen, **said, "way": "set", "looked": "set"})
    assert workbench.admin.must("GET", f"/api/admin/models/{models[0]}")["groups"] == []
    look_at_one = admin.send(f"/admin/models/{models[0]}/groups", {"groups": [group], "preview": "true"})
    assert "would lose sight of something" in text_of(look_at_one)
    assert workbench.admin.must("GET", f"/api/admin/models/{models[0]}")["groups"] == []
    assert person["email"]


def test_groups_are_said_with_a_new_model_and_a_new_alias_and_shown_by_name(
    admin: Looker, workbench: Workbench
) -> None:
    provider = workbench.provider("http://127.0.0.1:9/v1")
    group = workbench.admin.must("POST", "/api/admin/groups", {"name": "makers"})["id"]
    assert "makers" in text_of(admin.get("/admin/models/new"))
    name, alias = workbench.name("limited"), workbench.name("few")
    fields = {"provider_id": provider["id"], "model_id": name, "visible": "true", "groups": [group]}
    row = admin.send("/admin/models/new", fields).headers["location"].rpartition("/")[2]
    assert workbench.admin.must("GET", f"/api/admin/models/{row}")["groups"] == [group]
    assert "makers" in text_of(admin.get("/admin/aliases/new"))
    wrong = admin.send("/admin/aliases/new", {"alias": "no good", "model": row, "groups": [group]})
    assert b"checked" in wrong.body.partition(b'name="groups"')[2][:60]
    admin.send("/admin/aliases/new", {"alias": alias, "model": row, "groups": [group]})
    assert "only makers" in text_of(admin.get(f"/admin/aliases/one?alias={alias}&model={row}"))
