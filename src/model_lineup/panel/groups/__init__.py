"""Groups: their list, one with its members, what somebody sees, and who may use a model or an alias."""

from model_lineup.panel.groups import limiting, many, one, sights

ROUTERS = (one.router, sights.router, limiting.router, many.router)
