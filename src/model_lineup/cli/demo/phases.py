"""What the demo shows, one phase after the other, through the admin API, and through `/v1` as an application. Each
finds what an earlier demo left."""

from typing import Any

from model_lineup.cli import finding, show
from model_lineup.cli.demo.calling import Application, application, new_key
from model_lineup.cli.demo.upstream import Upstream
from model_lineup.cli.figures import tell_report
from model_lineup.cli.following import follow
from model_lineup.cli.models import tell_model
from model_lineup.cli.names import tell_explanation, tell_test
from model_lineup.cli.options import refuse
from model_lineup.cli.session import Session
from model_lineup.clock import tick

ALIAS = "tiny"
PLAN = {"requests": 10, "concurrency": 2, "max_tokens": 16, "warmup": 2, "time_limit_s": 40}
Row = dict[str, Any]


def tell(name: str, what: str, took_s: float) -> None:
    """One phase is done."""
    show.line(f"{name:<10} {what:<76} {took_s:6.2f} s")


def walk(here: Session, upstream: Upstream, url: str) -> str:
    """The key that it made. `url`: where the server is. Raises Refused."""
    provider = _provider(here, upstream)
    _fetch(here, provider)
    model = _show(here, provider, upstream)
    _alias(here, model)
    _test(here, model)
    key = new_key(here)
    with application(url, key, ALIAS) as caller:
        _call(here, model, caller)
    _benchmark(here, model)
    return key


def _provider(here: Session, upstream: Upstream) -> Row:
    began = tick()
    known = [row for row in here.every("providers", "providers") if row["name"] == upstream.name]
    body = {"base_url": upstream.base_url, "api_key": upstream.api_key}
    if known:
        row: Row = here.put(f"providers/{known[0]['id']}", body).json
    else:
        new = {"name": upstream.name, "type": "openai", "network_scope": "loopback"}
        row = here.post("providers", {**new, **body}).json
    key = f", key sealed (…{row['api_key_last4']})" if row["api_key_set"] else ""
    now = "now at" if known else "registered at"
    tell("provider", f"{row['slug']} {now} {row['base_url']}{key}", tick() - began)
    return row


def _fetch(here: Session, provider: Row) -> None:
    began = tick()
    plan = here.post(f"providers/{provider['id']}/fetch").json
    new = f"{len(plan['added'])} new and hidden" if plan["added"] else "nothing new"
    tell("fetch", f"{show.count(plan['listed'], 'model')} listed, {new}", tick() - began)


def _show(here: Session, provider: Row, upstream: Upstream) -> Row:
    """Let everybody call it, and look at it."""
    began = tick()
    found = finding.model(here, f"{provider['slug']}/{upstream.model_id}")
    row: Row = here.put(f"models/{found['id']}", {"visible": True, "agents_enabled": True}).json
    tell("visible", f"{row['model_id']}, to users and agents", tick() - began)
    show.line()
    tell_model(row)
    show.line()
    return row


def _alias(here: Session, model: Row) -> None:
    began = tick()
    known = [row for row in here.every("aliases", "aliases") if row["alias"] == ALIAS]
    if known:
        where = {**finding.address(_target(known[0])), "alias": ALIAS}
        here.put("models/by-id/aliases", {"id": model["id"]}, **where)
    else:
        here.post("models/by-id/aliases", {"alias": ALIAS}, **finding.address(model))
    meaning = here.get("resolve", name=ALIAS).json
    tell("alias", f"{ALIAS}, whatever the provider calls it", tick() - began)
    show.line()
    tell_explanation(meaning)
    show.line()


def _target(alias: Row) -> Row:
    return {"model_id": alias["model_id"], "provider_id": alias["model"]["provider_id"]}


def _test(here: Session, model: Row) -> None:
    began = tick()
    result = here.post("models/by-id/test/connection", **finding.address(model)).json
    if not result["passed"]:
        tell_test(model, result)
        raise refuse("demo_test_failed", "The model did not answer the connection test.")
    ttft = f", first token after {show.number(result['ttft_ms'], ' ms')}" if result["ttft_ms"] else ""
    tell("test", f"one real request passed in {show.number(result['latency_ms'], ' ms')}{ttft}", tick() - began)


def _call(here: Session, model: Row, caller: Application) -> None:
    """Call it, hide it, call again: what an administrator does holds on the next request."""
    began = tick()
    tell("call", f"{ALIAS} through /v1, with a new key: “{caller.says(max_tokens=12)}”", tick() - began)
    began = tick()
    here.put(f"models/{model['id']}", {"visible": False})
    tell("hide", f"{model['model_id']}; the next call is told {caller.is_told()}", tick() - began)
    began = tick()
    here.put(f"models/{model['id']}", {"visible": True})
    tell("unhide", f"and the next call is answered again: “{caller.says(max_tokens=6)}”", tick() - began)


def _benchmark(here: Session, model: Row) -> None:
    began = tick()
    headers = {"prefer": "respond-async"}
    query = finding.address(model)
    run = here.admin.call("POST", "models/by-id/benchmark", query=query, body=PLAN, headers=headers).json
    run = follow(here, run)
    if run["state"] != "finished":
        raise refuse("demo_benchmark_failed", f"The benchmark ended as {run['state']}: {run['message']}")
    what = f"{PLAN['requests']} requests, {PLAN['concurrency']} at a time, up to {PLAN['max_tokens']} tokens each"
    tell("benchmark", what, tick() - began)
    show.line()
    tell_report(run["report"])
