"""What a benchmark will cost at most, said before it begins; and whether that passes the day's cap. Pure."""

import msgspec
from msgspec import Struct

from model_lineup.benchmarks.plan import Plan
from model_lineup.catalog.prices import price_of
from model_lineup.catalog.shapes import Model, Provider
from model_lineup.ledger.spending import Spending

PROMPT_TOKENS = 30
"""Of a prompt without a length."""
_NANO = 1e9


class Forecast(Struct, frozen=True, kw_only=True):
    """Upper bounds, cold requests and warm-up included: every answer as long as it may be.

    `tokens`: of prompts and answers, within the plan's `token_limit`, which lets what is under way finish. `cost_usd`:
    null where the price is not known. `spent_today`: at this provider, by all tests and benchmarks; `tokens_per_day`:
    its cap, null where it has none; `passes_cap`: the run may use more than is left of it. The cap ends what begins by
    itself, and not what somebody starts.
    """

    model: int
    model_id: str
    provider: str
    requests: int
    prompt_tokens: int
    completion_tokens: int
    tokens: int
    cost_usd: float | None
    spent_today: Spending
    tokens_per_day: int | None
    passes_cap: bool


def forecast(plan: Plan, model: Model, provider: Provider, spent_today: Spending) -> Forecast:
    """For a plan that was checked."""
    requests = plan.measured + plan.warmup + plan.cold
    each_prompt = plan.prompt_tokens or PROMPT_TOKENS
    prompt, completion = requests * each_prompt, requests * plan.max_tokens
    tokens = prompt + completion
    if plan.token_limit is not None:
        at_once = max(step.concurrency if step.rate is None else step.requests for step in plan.steps)
        tokens = min(tokens, plan.token_limit + at_once * (each_prompt + plan.max_tokens))
    cap = provider.check_schedule.tokens_per_day if provider.check_schedule is not None else None
    pricing = msgspec.json.decode(model.pricing)
    price = price_of(pricing) if isinstance(pricing, dict) else None
    share = tokens / (prompt + completion)
    return Forecast(
        model=model.id,
        model_id=model.model_id,
        provider=provider.slug,
        requests=requests,
        prompt_tokens=prompt,
        completion_tokens=completion,
        tokens=tokens,
        cost_usd=None if price is None else price.of(prompt, completion) * share / _NANO,
        spent_today=spent_today,
        tokens_per_day=cap,
        passes_cap=cap is not None and spent_today.tokens + tokens > cap,
    )
