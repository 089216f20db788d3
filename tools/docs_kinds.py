"""The reference page of the provider kinds, from the registry that finds them."""

import sys

from model_lineup.catalog.provider_rules import ALLOWED_HEADERS
from model_lineup.upstream import registry
from model_lineup.upstream.contract import Kind
from tools.docs_markdown import code, prose, table
from tools.docs_markdown import page as whole_page

_INTRODUCTION = """
A provider's `type` is one of these kinds. `GET /api/admin/provider-kinds` tells the same to programs. A server that
speaks OpenAI's API needs no kind of its own: it is a provider of the kind `openai` with its base URL.
"""


def page() -> str:
    allowed = ", ".join(code(name) for name in sorted(ALLOWED_HEADERS))
    return whole_page(
        "Provider kinds",
        "src/model_lineup/upstream/kinds/",
        prose(_INTRODUCTION),
        *(_section(kind) for kind in registry.offered().values()),
        "## Extra headers",
        prose(f"`headers` of a provider, of whatever kind, may hold these and no others: {allowed}."),
    )


def _section(kind: Kind) -> str:
    about = [
        ("Wire format (dialect)", code(kind.dialect.name)),
        ("Base URL, if none is thought of", code(kind.default_base_url) if kind.default_base_url else "none"),
        ("Key", "needed" if kind.key_needed else "optional"),
    ]
    fields = [
        (code(field.name), field.label, "yes" if field.required else "", "yes" if field.secret else "", field.help)
        for field in kind.fields
    ]
    return "\n\n".join(
        [
            f"## {code(kind.name)}: {kind.label}",
            prose(sys.modules[type(kind).__module__].__doc__),
            table(("", ""), about),
            table(("Field", "Label", "Required", "Secret", "Help"), fields),
        ]
    )
