"""The pages about aliases: their table, one of them, a new one, and many from a file. All of them: `ROUTERS`."""

from model_lineup.panel.aliases import importing, later, listing, new, one, rollout

ROUTERS = (listing.router, new.router, importing.router, one.router, later.router, rollout.router)
