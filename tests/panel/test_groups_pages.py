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
    admin.follow(admin.send(f"{at}/members/remove", {"key": key["id"]}))
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
