"""`lineup webhooks` over a folder: added without its address in sight, tested, changed, deleted."""

from tests.cli.conftest import Lineup
from tests.fakes.provider import fake_provider, reply


def test_a_webhook_is_added_tested_changed_and_deleted(lineup: Lineup) -> None:
    with fake_provider() as receiver:
        receiver.answer("/canary", reply({}))
        env = {"HOOK": f"{receiver.base_url}/canary", "SIGN": "canary-signing"}
        add = ["webhooks", "add", "team", "--url-env", "HOOK", "--secret-env", "SIGN", "--network-scope", "loopback"]
        said = lineup.ok(*add, "--event", "model_failing", env=env)
        assert "Added webhook 1." in said
        assert "Delivered" in lineup.ok("webhooks", "test", "1")
        receiver.answer("/canary", reply({}, status=500))
        failed = lineup("webhooks", "test", "1")
        assert (failed.exit_code, "It answered 500." in failed.stdout) == (1, True)
        said += lineup.ok("webhooks", "list") + str(lineup.json("webhooks", "list"))
        assert "canary" not in said
        assert len(receiver.requests) == 2
    assert "Changed webhook 1." in lineup.ok("webhooks", "change", "1", "--disable", "--name", "off")
    assert "Nothing was sent there yet." in lineup.ok("webhooks", "deliveries", "1")
    assert "Nothing has happened." in lineup.ok("webhooks", "notices")
    assert "Changed webhook 1." in lineup.ok("webhooks", "change", "1", "--no-secret", "--all-events")
    changed = lineup.json("webhooks", "list")["webhooks"][0]
    assert (changed["secret_set"], changed["events"]) == (False, [])
    assert lineup("webhooks", "change", "1", "--all-events", "--event", "key_expiring").exit_code == 2
    assert "Nothing has happened." in lineup.ok("webhooks", "notices", "--event", "key_expiring")
    assert "Deleted webhook 1." in lineup.ok("webhooks", "delete", "1")
    assert lineup("webhooks", "add", "x", "--url-env", "NO_SUCH_VARIABLE").exit_code == 2
