"""A provider that misbehaves on purpose, for drills; offered only while `LINEUP_DRILLS` is on.

It speaks OpenAI's API. Its base URL is a case of the server that `lineup drill serve` runs on this machine, and nothing
else, so that no key of value and no other address can get into a drill. How the other kinds take a case is rehearsed
with a provider of that kind and the same address.
"""

import re

from model_lineup.upstream.contract import FormField
from model_lineup.upstream.kinds.openai import OpenAIKind

_CASE = re.compile(r"https?://(?:127\.0\.0\.1|drill\.localhost\.invalid):[0-9]{1,5}/fault/([a-z0-9-]{1,60})/v1/?")


class FaultKind(OpenAIKind):
    name = "fault"
    label = "Drill: a provider that misbehaves"
    default_base_url: str | None = "http://127.0.0.1:8490/fault/stream-cut-in-order/v1"
    fields = (
        FormField("base_url", "Case", required=True, help="As `lineup drill list --urls` tells it."),
        FormField("api_key", "API key", secret=True, help="Any text; never a real one."),
    )

    def case_of(self, base_url: str) -> str | None:
        found = _CASE.fullmatch(base_url)
        return found[1] if found else None


KIND = FaultKind()
