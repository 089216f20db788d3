"""Alembic's entry: runs the versions on the connection that `upgrade.migrate` handed over."""

from alembic import context

arguments = context.config.attributes
dialect = arguments["connection"].dialect.name
context.configure(
    connection=arguments["connection"],
    target_metadata=arguments.get("metadata"),
    version_table_schema=arguments["schema"],
    include_schemas=arguments["schema"] is not None,
    transactional_ddl=False,  # the caller's transaction holds the lock and is the only one
    include_object=lambda item, *_: item.info.get("only", dialect) == dialect,  # database.dialects.only_on
    include_name=lambda name, kind, _: kind != "schema" or name == arguments["schema"],
)
context.run_migrations()
