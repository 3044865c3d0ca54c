"""Schema migrations (alembic), run when a store is opened."""
