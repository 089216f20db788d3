"""All pages, as routers for the FastAPI application."""

from model_lineup.panel import (
    account,
    aliases,
    as_code,
    assets,
    catalogue,
    configuration,
    findings,
    key_settings,
    keys,
    models,
    notices,
    overview,
    people,
    setup,
    signing_in,
    single_sign_on,
    staged,
    webhooks,
)
from model_lineup.panel.activity import router as activity
from model_lineup.panel.groups import ROUTERS as GROUPS
from model_lineup.panel.plans import ROUTERS as PLANS
from model_lineup.panel.playground import router as playground
from model_lineup.panel.providers import asking, editing, fetching, listing
from model_lineup.panel.runs import ROUTERS as RUNS
from model_lineup.panel.start import steps
from model_lineup.panel.undoing import router as undoing
from model_lineup.panel.usage import router as usage

ROUTERS = (
    setup.router,
    signing_in.router,
    single_sign_on.router,
    overview.router,
    listing.router,
    editing.router,
    asking.router,
    fetching.router,
    *PLANS,
    catalogue.router,
    *models.ROUTERS,
    *aliases.ROUTERS,
    *RUNS,
    playground,
    steps.router,
    keys.router,
    key_settings.router,
    people.router,
    *GROUPS,
    account.router,
    configuration.router,
    as_code.router,
    webhooks.router,
    notices.router,
    staged.router,
    findings.router,
    usage,
    undoing,
    activity,
    assets.router,
)
