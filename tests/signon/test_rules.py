"""Which settings of single sign-on go together; what is wrong is said before anything starts."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from model_lineup.access.actor import Role
from model_lineup.errors import StartRefused
from model_lineup.settings import Settings
from model_lineup.signon.rules import Rules, rules_of

GOOD: dict[str, Any] = {"oidc_issuer": "https://id.example.com/realms/x", "oidc_client_id": "lineup"}


def settings(**said: Any) -> Settings:
    return Settings.model_validate({**GOOD, **said})


def rules(**said: Any) -> Rules:
    found = rules_of(settings(**said))
    assert found is not None
    return found


def test_without_an_issuer_there_is_no_single_sign_on() -> None:
    assert rules_of(Settings.model_validate({})) is None


def test_maps_are_read_as_they_are_written() -> None:
    found = rules(
        oidc_role_claim="roles",
        oidc_role_map=" ml-ops = admin ;cn=staff,dc=x=viewer; *=user;",
        oidc_groups_claim="groups",
        oidc_group_map="/a=Research, b=SALES",
        oidc_email_domains="@Example.com example.org",
        oidc_scopes="email, groups openid email",
        oidc_default_role="none",
    )
    assert found.roles == {"ml-ops": Role.ADMIN, "cn=staff,dc=x": Role.VIEWER, "*": Role.USER}
    assert found.groups == {"/a": "research", "b": "sales"}
    assert found.welcome.owned == frozenset({"research", "sales"})
    assert found.welcome.domains == {"example.com", "example.org"}
    assert found.scopes == "openid email groups"
    assert found.default_role is None


def test_a_star_takes_groups_by_their_names() -> None:
    found = rules(oidc_groups_claim="groups", oidc_group_map="*")
    assert (found.groups, found.welcome.owned) == (None, None)


def test_the_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from-a-file\n")
    found = rules(oidc_client_secret_file=file)
    assert found.client_secret == "from-a-file"
    assert "from-a-file" not in repr(found)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ({"oidc_issuer": None}, "LINEUP_OIDC_ISSUER"),
        ({"oidc_client_id": None}, "LINEUP_OIDC_CLIENT_ID"),
        ({"oidc_issuer": None, "oidc_client_id": None, "password_sign_in": False}, "LINEUP_PASSWORD_SIGN_IN"),
        ({"host": "0.0.0.0"}, "LINEUP_PUBLIC_URL"),
        ({"oidc_issuer": "http://id.example.com"}, "LINEUP_OIDC_NETWORK_SCOPE"),
        ({"oidc_issuer": "https://127.0.0.1"}, "LINEUP_OIDC_NETWORK_SCOPE"),
        ({"oidc_issuer": "id.example.com"}, "LINEUP_OIDC_ISSUER"),
        ({"oidc_issuer": "https://id.example.com/#x"}, "LINEUP_OIDC_ISSUER"),
        ({"oidc_network_scope": "loopback", "egress_max_scope": "private"}, "LINEUP_EGRESS_MAX_SCOPE"),
        ({"oidc_client_secret": SecretStr("a"), "oidc_client_secret_file": Path("b")}, "not both"),
        ({"oidc_client_secret_file": Path("/nowhere/at/all")}, "LINEUP_OIDC_CLIENT_SECRET_FILE"),
        ({"oidc_ca_file": Path("/nowhere/at/all")}, "LINEUP_OIDC_CA_FILE"),
        ({"oidc_role_map": "a=admin"}, "LINEUP_OIDC_ROLE_CLAIM"),
        ({"oidc_role_claim": "roles"}, "LINEUP_OIDC_ROLE_MAP"),
        ({"oidc_role_claim": "roles", "oidc_role_map": "a=king"}, "'king' is no role"),
        ({"oidc_role_claim": "roles", "oidc_role_map": "a"}, "is no pair"),
        ({"oidc_role_claim": "roles", "oidc_role_map": "a=admin,a=user"}, "twice"),
        ({"oidc_group_map": "a=b"}, "LINEUP_OIDC_GROUPS_CLAIM"),
        ({"oidc_groups_claim": "groups"}, "LINEUP_OIDC_GROUP_MAP"),
        ({"oidc_groups_claim": "groups", "oidc_group_map": "=b"}, "is no pair"),
    ],
)
def test_what_does_not_go_together_is_named(said: dict[str, Any], named: str) -> None:
    with pytest.raises(StartRefused, match=named):
        rules_of(settings(**said))
