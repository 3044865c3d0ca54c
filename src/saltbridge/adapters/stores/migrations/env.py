"""Alembic's way in: migrates over the connection that the opening store hands it."""

from alembic import context

# Imported without a running migration (doctest collection), it has nothing to do.
if getattr(context, "config", None) is not None:
    context.configure(connection=context.config.attributes["connection"])
    with context.begin_transaction():
        context.run_migrations()
