"""What to do next, in the words of this command line: the API's messages name its requests, people here have verbs."""

import re

_LISTS = "providers|plans|models|catalog|aliases|keys|people|groups|runs|changes|webhooks|staged"
_ID = r"(\{?[\w.]+\}?)"
RULES = [
    (re.compile(pattern), verb)
    for pattern, verb in (
        (
            r"Take it off them first: PUT /api/admin/models/bulk/groups with the filter group_id (\d+)\.",
            r"`lineup groups unlimit \1 MODEL…` takes it off them.",
        ),
        (
            rf"GET /api/admin/runs/{_ID} shows it, DELETE cancels it",
            r"`lineup runs show \1` shows it, `cancel` ends it",
        ),
        (rf"POST /api/admin/providers/{_ID}/plans", r"`lineup providers fetch \1 --plan`"),
        (rf"(?:GET|DELETE) /api/admin/({_LISTS})/{_ID}", r"`lineup \1 show \2`"),
        (rf"PUT /api/admin/({_LISTS})/{_ID}", r"`lineup \1 change \2`"),
        (rf"POST /api/admin/({_LISTS})/{_ID}/restore", r"`lineup \1 restore \2`"),
        (r"GET /api/admin/models\?q=", "`lineup models list --q TEXT`"),
        (rf"GET /api/admin/({_LISTS})", r"`lineup \1 list`"),
        (r"POST /api/admin/take-over", "`lineup take-over`"),
        (r"GET /api/docs", "`lineup --help`"),
        (r"Repeat the request with \?confirm=true if that is what you want\. ?", ""),  # the hint says it
        (r"DELETE with \?force=true", "--force"),
        (r"Send `api_key` together with it", "Give the key again with it"),
        (r"Send `api_key` together with the new base_url", "Give the key again with the new address"),
    )
]


def in_verbs(message: str) -> str:
    """The message with the requests in it replaced; what is no request stays as it is."""
    for pattern, verb in RULES:
        message = pattern.sub(verb, message)
    return message.rstrip()
