"""From a reply to a verdict: what holds for every probe before its own judge is asked. Pure.

A failure is a "no" only where the provider refuses the request and names the feature; whatever may be gone tomorrow (a
key, a quota, an outage, a timeout) decides nothing. Source of the rules: docs/decisions/0043-capability-probes.md.
"""

import re

from model_lineup.probes.contract import Finding, Probe, Trial, no, undecided
from model_lineup.probes.heard import Heard, heard
from model_lineup.upstream.asking import Reply
from model_lineup.upstream.contract import Failure

_READ = 4_000
"""Characters of a refusal that are looked at."""
_NEVER_ABOUT_A_FEATURE = (401, 402, 403, 407, 408, 409, 425, 429)
_OF_THE_ACCOUNT = ("auth", "quota", "timeout")


def judged(probe: Probe, trial: Trial, reply: Reply, model_id: str) -> tuple[Finding, Heard]:
    """The verdict of one trial, and what was heard."""
    said = heard(reply)
    if reply.unsaid:
        reason = f"The format of this provider has no words for it ({reply.unsaid})."
        return Finding("not_applicable", reason), said
    if reply.failure is not None:
        return _of_failure(probe, reply, reply.failure, model_id), said
    if said.finish_reason == "content_filter":
        return undecided("The provider's filter blocked the question or the answer."), said
    return probe.judge(trial, said), said


def names_feature(probe: Probe, said: str, model_id: str) -> bool:
    """Whether a refusal is about what the probe asks for; a model's id that happens to hold the word says nothing."""
    words = re.sub(rf"(?<!\w){re.escape(model_id)}(?!\w)", " ", said[:_READ])
    return re.search(probe.named_by, words, re.IGNORECASE) is not None


def needs_more_room(probe: Probe, said: Heard) -> bool:
    """Whether a model that thinks first was cut before it said anything."""
    return probe.may_think and said.was_cut and not said.calls and not said.text.strip()


def _of_failure(probe: Probe, reply: Reply, failure: Failure, model_id: str) -> Finding:
    status = reply.http_status
    refused = status is not None and 400 <= status < 500 and status not in _NEVER_ABOUT_A_FEATURE
    if refused and failure.stage not in _OF_THE_ACCOUNT and names_feature(probe, reply.said, model_id):
        return no(f"The provider refuses it with {status} and names it: {failure.message}")
    return undecided(f"The request failed ({failure.code}), which proves nothing: {failure.message}")
