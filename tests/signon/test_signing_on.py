"""Who comes by single sign-on, as whom, with which role and groups; and who does not."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from model_lineup.access.actor import Actor, Role
from model_lineup.access.groups.shapes import NewGroup
from model_lineup.access.shapes import NewKey, NewPerson, Person, PersonChanges
from model_lineup.app import rooms_over
from model_lineup.errors import LineupError, PasswordSignInOff, SignOnBroken, SignOnRefused
from model_lineup.journal.record import Author
from tests.fakes.clock import ManualClock
from tests.fakes.instances import Kind
from tests.fakes.issuer import USERINFO, Issuer
from tests.fakes.provider import reply
from tests.signon.conftest import Traveller, Travels

BY = Author("tester")
ADA: dict[str, Any] = {"sub": "u-1", "email": "ada@example.com", "email_verified": True}
ROLES = {"oidc_role_claim": "realm_access.roles", "oidc_role_map": "boss=admin, auditor=viewer"}
GROUPS = {"oidc_groups_claim": "groups", "oidc_group_map": "/team-a=Research, team-b=sales"}


@contextmanager
def refused(traveller: Traveller, reason: str, kind: type[LineupError] = SignOnRefused) -> Iterator[None]:
    """With this reason, which stands in the security log, too."""
    with pytest.raises(kind) as caught:
        yield
    assert caught.value.facts["reason"] == reason
    event, details = traveller.noted()[0]
    assert (event, details["reason"]) == ("sign_on_failed", reason)


def person(traveller: Traveller, email: str = "ada@example.com", role: Role = Role.USER, **more: Any) -> Person:
    return traveller.rooms.people.create(NewPerson(email=email, role=role, **more), BY)[0]


def group(traveller: Traveller, name: str) -> int:
    return traveller.rooms.groups.create(NewGroup(name=name), BY)[0].id


def test_a_stranger_becomes_a_person_once_and_comes_back_as_the_same(
    kind: Kind, travels: Travels, issuer: Issuer
) -> None:
    issuer.knows(**ADA)
    with travels(kind) as traveller:
        first = traveller.sign_in()
        assert (first.email, first.role, first.sign_in) == ("ada@example.com", Role.USER, "single_sign_on")
        issuer.knows(**{**ADA, "email": "ada@new.example"})
        assert traveller.sign_in() == first
        assert [event for event, _ in traveller.noted()] == ["signed_in", "signed_in", "person_made"]
        assert traveller.noted()[0][1] == {"by": "single sign-on"}


def test_an_address_binds_nobody_even_where_it_is_verified(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA)
    with travels() as traveller:
        person(traveller, password="correct horse battery")
        with refused(traveller, "email_taken"):
            traveller.sign_in()


def test_a_verified_address_takes_over_where_that_was_said_and_an_unverified_one_never(
    travels: Travels, issuer: Issuer
) -> None:
    with travels(oidc_link_by_email=True, oidc_require_verified_email=False, oidc_sign_up=False) as traveller:
        ada = person(traveller, "Ada@Example.com", Role.VIEWER)
        issuer.knows(**{**ADA, "email_verified": False})
        with refused(traveller, "email_taken"):
            traveller.sign_in()
        issuer.knows(**ADA)
        assert traveller.sign_in().id == ada.id
        issuer.knows(**{**ADA, "sub": "u-2"})  # another account with the same address
        with refused(traveller, "email_taken"):
            traveller.sign_in()


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"email_verified": False}, "email_unverified"),
        ({"email_verified": "yes"}, "email_unverified"),
        ({"email": None}, "email_missing"),
        ({"email": ["ada@example.com"]}, "email_missing"),
        ({"email": "no address"}, "email_missing"),
        ({"email": "a" * 400 + "@example.com"}, "email_missing"),
        ({"email": "ada@evil.example"}, "email_domain"),
        ({"email": "ada@example.com.evil.example"}, "email_domain"),
    ],
)
def test_who_is_new_needs_a_good_address(travels: Travels, issuer: Issuer, claims: dict[str, Any], reason: str) -> None:
    issuer.knows(**{name: value for name, value in (ADA | claims).items() if value is not None})
    with travels(oidc_email_domains="example.com, @Example.org") as traveller:
        with refused(traveller, reason):
            traveller.sign_in()
        assert traveller.rooms.people.page(limit=10, offset=0) == ([], 0)


def test_without_sign_up_only_who_is_known_comes_in(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA)
    with travels(oidc_sign_up=False) as traveller, refused(traveller, "unknown_person"):
        traveller.sign_in()


def test_the_role_is_what_the_claims_say_each_time(travels: Travels, issuer: Issuer) -> None:
    with travels(**ROLES) as traveller:
        person(traveller, "root@example.com", Role.ADMIN, password="correct horse battery")
        for roles, expected in (
            ([], Role.USER),
            (["auditor", "other"], Role.VIEWER),
            (["auditor", "boss"], Role.ADMIN),
            ("auditor", Role.VIEWER),
            ([7, None, {"boss": 1}], Role.USER),
        ):
            issuer.knows(**ADA, realm_access={"roles": roles})
            assert traveller.sign_in().role is expected


def test_who_has_no_role_stays_outside_where_that_was_said(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA, realm_access={"roles": ["other"]})
    with travels(**ROLES, oidc_default_role="none") as traveller, refused(traveller, "no_role"):
        traveller.sign_in()


def test_without_a_role_claim_the_role_is_the_administrators_to_give(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA)
    with travels(oidc_default_role="viewer") as traveller:
        ada = traveller.sign_in()
        assert ada.role is Role.VIEWER
        traveller.rooms.people.change(ada.id, PersonChanges(role=Role.ADMIN), BY)
        assert traveller.sign_in().role is Role.ADMIN


def test_claims_never_take_the_last_administrator(travels: Travels, issuer: Issuer) -> None:
    with travels(**ROLES) as traveller:
        issuer.knows(**ADA, realm_access={"roles": ["boss"]})
        traveller.sign_in()
        issuer.knows(**ADA, realm_access={"roles": []})
        assert traveller.sign_in().role is Role.ADMIN
        assert ("sign_on_adjusted", {"kept": "the last administrator's role"}) in traveller.noted()
        person(traveller, "root@example.com", Role.ADMIN, password="correct horse battery")
        assert traveller.sign_in().role is Role.USER


def test_mapped_groups_follow_the_claims_and_others_stay(kind: Kind, travels: Travels, issuer: Issuer) -> None:
    with travels(kind, **GROUPS) as traveller:
        research, sales, byhand = (group(traveller, name) for name in ("research", "Sales", "By hand"))
        issuer.knows(**ADA, groups=["/team-a", "By hand", "unheard of"])
        ada = traveller.sign_in()
        assert ada.groups == [research]
        traveller.rooms.people.change(ada.id, PersonChanges(groups=[research, sales, byhand]), BY)
        assert set(traveller.sign_in().groups) == {research, byhand}
        issuer.knows(**ADA)
        assert traveller.sign_in().groups == [byhand]


def test_with_a_star_groups_go_by_their_names_and_unknown_ones_are_noted(travels: Travels, issuer: Issuer) -> None:
    with travels(oidc_groups_claim="groups", oidc_group_map="*") as traveller:
        research = group(traveller, "Research")
        issuer.knows(**ADA, groups=["RESEARCH", "nowhere"])
        assert traveller.sign_in().groups == [research]
        assert ("sign_on_adjusted", {"no_such_groups": ["nowhere"]}) in traveller.noted()


def test_who_comes_again_unchanged_changes_nothing(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA, groups=["/team-a"], realm_access={"roles": ["auditor"]})
    with travels(**ROLES, **GROUPS) as traveller:
        group(traveller, "Research")
        version = traveller.sign_in().version
        assert traveller.sign_in().version == version


def test_who_is_disabled_is_not_let_in_and_whose_session_runs_is_put_out(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA)
    with travels() as traveller:
        token = traveller.come_back(traveller.begin()).token or ""
        actor = traveller.rooms.browsers.actor(token)
        assert actor is not None
        traveller.rooms.people.change(actor.person_id or 0, PersonChanges(disabled=True), BY)
        assert traveller.rooms.browsers.actor(token) is None
        with refused(traveller, "disabled"):
            traveller.sign_in()


def test_a_session_ends_after_its_hours_however_much_it_is_used(
    travels: Travels, issuer: Issuer, clock: ManualClock
) -> None:
    issuer.knows(**ADA)
    with travels(oidc_session_hours=14) as traveller:
        token = traveller.come_back(traveller.begin()).token or ""
        for _ in range(13):
            clock.advance(3600)
            assert traveller.rooms.browsers.actor(token) is not None
        clock.advance(3601)
        assert traveller.rooms.browsers.actor(token) is None


def test_somebody_connects_his_account_and_then_signs_in_with_it(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**{**ADA, "email": "other@example.com"})
    with travels(oidc_sign_up=False) as traveller:
        ada = person(traveller, password="correct horse battery")
        began = traveller.begin("/account", signed_in(traveller, ada))
        assert traveller.come_back(began) == (None, "/account")
        assert traveller.sign_in().id == ada.id
        assert traveller.rooms.people.get(ada.id).sign_in == "both"
        bob = person(traveller, "bob@example.com")
        with refused(traveller, "connected_elsewhere"):
            traveller.come_back(traveller.begin("/account", signed_in(traveller, bob)))
        issuer.knows(sub="u-9")
        with refused(traveller, "connected_already"):
            traveller.come_back(traveller.begin("/account", signed_in(traveller, ada)))


def test_nobody_connects_an_account_with_a_session_that_has_ended(travels: Travels, issuer: Issuer) -> None:
    with travels(oidc_sign_up=False) as traveller:
        ada = person(traveller, password="correct horse battery")
        actor = signed_in(traveller, ada)
        began = traveller.begin("/account", actor)
        traveller.rooms.sessions.sign_out(actor.session or "")
        with refused(traveller, "session_over", SignOnBroken):
            traveller.come_back(began)


def test_an_account_that_is_forgotten_ends_its_sessions_and_opens_nothing(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA)
    with travels() as traveller:
        token = traveller.come_back(traveller.begin()).token or ""
        ada = traveller.sign_in()
        person(traveller, "root@example.com", Role.ADMIN, password="correct horse battery")
        changed, receipt = traveller.rooms.people.change(ada.id, PersonChanges(forget_sign_on=True), BY)
        assert (changed.sign_in, receipt.change_id is not None) == ("none", True)
        assert traveller.rooms.browsers.actor(token) is None
        with refused(traveller, "email_taken"):
            traveller.sign_in()
        again = traveller.rooms.people.change(ada.id, PersonChanges(forget_sign_on=True), BY)[1]
        assert again.change_id is None


def test_a_sign_in_is_good_once_for_ten_minutes_and_in_one_browser(
    kind: Kind, travels: Travels, issuer: Issuer, clock: ManualClock
) -> None:
    issuer.knows(**ADA)
    with travels(kind) as traveller:
        begun = traveller.begin("/models?q=1")
        assert traveller.come_back(begun).wanted == "/models?q=1"
        with refused(traveller, "state_used", SignOnBroken):
            traveller.come_back(begun)
        assert len(issuer.asked("/token")) == 1
        late = traveller.begin()
        clock.advance(601)
        with refused(traveller, "state_late", SignOnBroken):
            traveller.come_back(late)
        clock.advance(3600)
        with refused(traveller, "state_late", SignOnBroken):
            traveller.come_back(begun)
        other = traveller.begin()
        for sealed in ("", "x", other.sealed[:-3] + "AAA", begun.sealed):
            with refused(traveller, "state_unknown", SignOnBroken):
                traveller.come_back(other._replace(sealed=sealed))
        with refused(traveller, "state_unknown", SignOnBroken):
            traveller.come_back(other, state=None)
        with refused(traveller, "state_unknown", SignOnBroken):
            traveller.come_back(other, state="ü")
        assert traveller.come_back(other).token


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"code": None}, "code_missing"),
        ({"code": ""}, "code_missing"),
        ({"code": "x" * 5_000}, "code_missing"),
        ({"code": "a\nb"}, "code_missing"),
        ({"iss": "https://evil.example"}, "issuer_mixed_up"),
        ({"code": None, "error": "access_denied", "error_description": "<b>"}, "said_no"),
        ({"code": None, "error": "server_error"}, "provider_error"),
        ({"code": None, "error": "<script>alert(1)</script>"}, "provider_error"),
    ],
)
def test_an_answer_that_is_none_is_told_from_a_good_one(
    travels: Travels, issuer: Issuer, answer: dict[str, Any], reason: str
) -> None:
    with travels() as traveller, refused(traveller, reason, LineupError):
        traveller.come_back(traveller.begin(), **answer)
    assert not issuer.asked("/token")


def test_a_provider_that_names_itself_has_to(travels: Travels, issuer: Issuer) -> None:
    issuer.describes(authorization_response_iss_parameter_supported=True)
    issuer.knows(**ADA)
    with travels() as traveller:
        with refused(traveller, "issuer_mixed_up", SignOnBroken):
            traveller.come_back(traveller.begin())
        assert traveller.come_back(traveller.begin(), iss=issuer.issuer).token


def test_what_the_id_token_does_not_say_the_userinfo_may(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(sub="u-1")
    issuer.provider.answer(USERINFO, reply({**ADA, "realm_access": {"roles": ["auditor"]}}))
    with travels(**ROLES) as traveller:
        assert traveller.sign_in().role is Role.VIEWER
    assert issuer.asked(USERINFO)[0].header("authorization") == "Bearer at"


def test_an_address_is_not_verified_by_what_names_another(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(sub="u-1", email="boss@example.com")
    issuer.provider.answer(USERINFO, reply({**ADA, "realm_access": {"roles": []}}))
    with travels(**ROLES) as traveller, refused(traveller, "email_unverified"):
        traveller.sign_in()


def test_without_passwords_nobody_signs_in_with_one(travels: Travels, issuer: Issuer) -> None:
    issuer.knows(**ADA)
    with travels(password_sign_in=False) as traveller:
        person(traveller, "root@example.com", Role.ADMIN, password="correct horse battery")
        with pytest.raises(PasswordSignInOff):
            traveller.rooms.sessions.sign_in("root@example.com", "correct horse battery")
        with pytest.raises(PasswordSignInOff):
            traveller.rooms.browsers.sign_in("root@example.com", "correct horse battery")
        assert traveller.sign_in().email == "ada@example.com"


def signed_in(traveller: Traveller, one: Person) -> Actor:
    actor = traveller.rooms.browsers.actor(traveller.rooms.browsers.open_for(one.id))
    assert actor is not None
    return actor


def test_who_loses_a_claim_keeps_sight_until_the_next_sign_in_and_keys_lose_it_with_the_person(
    travels: Travels, issuer: Issuer
) -> None:
    with travels(**GROUPS) as traveller:
        rooms, research = traveller.rooms, group(traveller, "research")
        issuer.knows(**ADA, groups=["/team-a"])
        token = traveller.come_back(traveller.begin()).token or ""
        ada = traveller.sign_in()
        hers = rooms.keys.create(NewKey(name="hers", kind="user"), Actor("ada", Role.ADMIN, person_id=ada.id), BY)[0]
        issuer.knows(**ADA, groups=[])
        assert rooms.keys.get(hers.id).owners_groups == [research], "nobody has asked the provider yet"
        traveller.sign_in()
        key = rooms.keys.get(hers.id)
        assert (key.owners_groups, key.disabled) == ([], False)
        assert rooms.browsers.actor(token) is not None, "sessions go on"


def test_a_sign_in_that_one_replica_began_is_finished_by_another_and_by_one_alone(
    kind: Kind, travels: Travels, issuer: Issuer, clock: ManualClock
) -> None:
    issuer.knows(**ADA)
    with travels(kind) as here, rooms_over(here.rooms.database, here.rooms.settings, clock) as other:
        there, begun = Traveller(other, issuer), here.begin()
        token = there.come_back(begun).token or ""
        actor = here.rooms.browsers.actor(token)
        assert actor is not None
        assert actor.label == "ada@example.com"
        with pytest.raises(LineupError):
            here.come_back(begun)
