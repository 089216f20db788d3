"""The reference page of the drills, from the cases of the provider that misbehaves."""

import sys
from itertools import groupby

from model_lineup.demo.faults.case import EVERY_WIRE, Case, cases
from tools.docs_markdown import code, prose, table
from tools.docs_markdown import page as whole_page

_INTRODUCTION = """
What `lineup drill serve` can do wrong, and what Lineup makes of it: of the list (fetching, and the test of a provider),
and of a question (the test of a model, and a benchmark). `passes`, or the `stage` that failed and the class by which a
benchmark counts it. Where a plain answer is judged otherwise than a stream, that stands there too. How to use them:
[Drills](../howto/drills.md). Each of them is met by Lineup's own tests.
"""


def page() -> str:
    modules = groupby(cases().values(), key=lambda case: type(case).__module__)
    sections = [part for name, found in modules for part in _section(name, list(found))]
    return whole_page("Drills", "src/model_lineup/demo/faults/cases/", prose(_INTRODUCTION), *sections)


def _section(module: str, found: list[Case]) -> list[str]:
    rows = [(code(case.name), _story(case), case.expected("list"), _asked(case)) for case in found]
    about = prose(sys.modules[module].__doc__)
    title = module.rpartition(".")[2].capitalize()
    return [f"## {title}", about, table(("Case", "What goes wrong", "List", "Question"), rows)]


def _story(case: Case) -> str:
    only = "" if case.wires == EVERY_WIRE else f" Formats: {', '.join(sorted(case.wires))}."
    return case.story.replace("|", "\\|") + only


def _asked(case: Case) -> str:
    streamed, plain = case.expected("test"), case.expected("plain")
    return streamed if plain == streamed else f"{streamed}; plain: {plain}"
