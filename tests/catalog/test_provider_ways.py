"""How a provider is talked to: headers, timeouts, proxy, certificate authorities."""

import math

import pytest
from sqlalchemy import update

from model_lineup.catalog.tables import providers
from model_lineup.errors import (
    CredentialRebindRequired,
    InvalidInput,
)
from tests.fakes.desk import PROVIDER_KEY, Desk


def test_a_header_outside_the_allow_list_is_refused(desk: Desk) -> None:
    for name in ("Authorization", "x-api-key", "Host", "Cookie", "Content-Length", "Proxy-Authorization", "", "é"):
        with pytest.raises(InvalidInput, match="/headers"):
            desk.provider(headers={name: "x"})


def test_headers_are_kept_with_lower_case_names(desk: Desk) -> None:
    provider = desk.provider(headers={"OpenAI-Organization": "org-1"})
    assert provider.headers == {"openai-organization": "org-1"}
    assert desk.rooms.providers.endpoint(provider.id).headers == (("openai-organization", "org-1"),)


def test_the_same_headers_in_another_spelling_change_nothing(desk: Desk) -> None:
    provider = desk.provider(headers={"x-title": "T", "user-agent": "U"})
    assert desk.change_provider(provider.id, headers={"User-Agent": "U", "X-Title": "T"})[1].change_id is None


def test_a_header_value_that_would_break_the_line_is_refused(desk: Desk) -> None:
    for value in ("a\r\nx: y", "é", "x" * 513, "\x00", "end\n"):
        with pytest.raises(InvalidInput, match="/headers/x-title"):
            desk.provider(headers={"x-title": value})


def test_a_timeout_out_of_range_is_refused(desk: Desk) -> None:
    for name, seconds in [("connect", 1), ("connect_s", 0), ("connect_s", -1), ("connect_s", 61), ("test_s", math.nan)]:
        with pytest.raises(InvalidInput, match="/timeouts"):
            desk.provider(timeouts={name: seconds})


def test_a_timeout_of_its_own_wins_over_the_instances(desk: Desk) -> None:
    provider = desk.provider(timeouts={"connect_s": 7})
    timeouts = desk.rooms.providers.endpoint(provider.id).timeouts
    assert (timeouts.connect_s, timeouts.first_byte_s) == (7, 120)
    assert desk.change_provider(provider.id, timeouts={"connect_s": 7.0})[1].change_id is None
    assert desk.change_provider(provider.id, timeouts=None)[0].timeouts == {}


def test_a_proxy_is_http_host_and_port(desk: Desk) -> None:
    for proxy in ("https://proxy:1", "socks5://proxy:1", "proxy:1", "http://u:p@proxy:1", "http://p:1/x", ""):
        with pytest.raises(InvalidInput, match="/proxy"):
            desk.provider(proxy=proxy)
    assert desk.provider(proxy="http://proxy:3128").proxy == "http://proxy:3128"


@pytest.mark.parametrize("inside", ["nonsense", "é", ""])
def test_a_ca_bundle_must_be_readable(desk: Desk, inside: str) -> None:
    with pytest.raises(InvalidInput, match="/ca_bundle"):
        desk.provider(ca_bundle=f"-----BEGIN CERTIFICATE-----\n{inside}\n-----END CERTIFICATE-----")


def test_a_ca_bundle_may_name_its_certificates_in_any_script(desk: Desk, bundle: str) -> None:
    named = f"# Autorité de l'Équipe – 認証局\n{bundle}"
    assert desk.provider(ca_bundle=named).ca_bundle == named


def test_a_stored_key_is_not_led_past_a_new_proxy_or_a_new_authority(desk: Desk, bundle: str) -> None:
    provider = desk.provider(api_key=PROVIDER_KEY)
    for way in ({"proxy": "http://proxy:3128"}, {"ca_bundle": bundle}):
        with pytest.raises(CredentialRebindRequired) as refused:
            desk.change_provider(provider.id, **way)
        assert refused.value.facts["key_origin"] == "https://api.example.com:443"
        assert desk.change_provider(provider.id, **way, api_key="entered-again-0123")[0].api_key_last4 == "0123"
        desk.change_provider(provider.id, **way, name="The same way again")
        desk.change_provider(provider.id, **dict.fromkeys(way))  # a way that is taken out leads nowhere else
    assert desk.change_provider(desk.provider("Keyless").id, proxy="http://proxy:3128")[0].proxy == "http://proxy:3128"


def test_no_proxy_leads_to_this_machine(desk: Desk) -> None:
    local = {"base_url": "http://127.0.0.1:8000/v1", "network_scope": "loopback"}
    with pytest.raises(InvalidInput, match="/proxy"):
        desk.provider(**local, proxy="http://proxy:3128")
    provider = desk.provider(**local)
    with pytest.raises(InvalidInput, match="/proxy"):
        desk.change_provider(provider.id, proxy="http://proxy:3128")


def test_what_older_rules_let_in_can_still_be_renamed_and_switched_off(desk: Desk) -> None:
    provider = desk.provider(base_url="http://127.0.0.1:8000/v1", network_scope="loopback", api_key=PROVIDER_KEY)
    with desk.rooms.database.write() as connection:
        connection.execute(update(providers).values(proxy="http://proxy:3128"))
    assert not desk.change_provider(provider.id, enabled=False, name="Off")[0].enabled
    assert desk.change_provider(provider.id, proxy=None)[0].proxy is None
