"""The pages about models: their table, what is done to many of them, and one model. All of them: `ROUTERS`."""

from model_lineup.panel.models import bulk, capabilities, columns, ending, export, new, one, picking, switches, table

ROUTERS = (
    table.router,
    columns.router,
    switches.router,
    new.router,
    bulk.router,
    export.router,
    one.router,
    capabilities.router,
    ending.router,
    picking.router,
)
