"""What `lineup doctor` says of single sign-on."""

import asyncio

from model_lineup.cli.doctor import sign_on
from model_lineup.cli.doctor.check import Check
from tests.fakes.issuer import METADATA, Issuer
from tests.fakes.provider import reply
from tests.signon.conftest import Traveller, Travels


def asked(traveller: Traveller) -> list[Check]:
    async def ask() -> list[Check]:
        try:
            return await sign_on.ask(traveller.rooms)
        finally:
            await traveller.rooms.upstream.close()

    return asyncio.run(ask())


def test_it_names_the_address_to_register_and_groups_that_are_not_there(travels: Travels) -> None:
    with travels(public_url="https://l.example.com", oidc_groups_claim="g", oidc_group_map="a=Nowhere") as traveller:
        address, groups = sign_on.examine(traveller.rooms)
    assert "https://l.example.com/admin/sign-in/callback" in address.finding
    assert (groups.state, groups.finding) == ("warn", "no group is called nowhere")


def test_it_says_nothing_where_there_is_none(travels: Travels) -> None:
    with travels(oidc_issuer=None, oidc_client_id=None) as traveller:
        assert list(sign_on.examine(traveller.rooms)) == asked(traveller) == []


def test_it_asks_the_provider(travels: Travels, issuer: Issuer) -> None:
    with travels() as traveller:
        assert [check.state for check in asked(traveller)] == ["ok"]


def test_it_tells_why_the_provider_does_not_fit(travels: Travels, issuer: Issuer) -> None:
    issuer.describes(issuer="http://elsewhere.example")
    with travels() as traveller:
        [check] = asked(traveller)
    assert (check.state, "http://elsewhere.example" in check.finding) == ("fail", True)


def test_it_compares_the_clocks(travels: Travels, issuer: Issuer) -> None:
    good = issuer.provider.answers[METADATA][0]
    assert not callable(good)
    said = b"".join(step for step in good if isinstance(step, bytes)).split(b"\r\n\r\n", 1)[1]
    issuer.provider.answer(METADATA, reply(said, headers=["date: Thu, 01 Jan 2026 12:05:00 GMT"]))
    with travels() as traveller:
        [check] = asked(traveller)
    assert (check.state, check.finding) == ("fail", "its clock is 300 s ahead")
