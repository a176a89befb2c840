"""Runs the migrations over the connection that `migrate.py` hands in."""

from alembic import context

from core.adapters.migrate import is_ours
from core.adapters.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    include_object=is_ours,
    transaction_per_migration=True,
)
with context.begin_transaction():
    context.run_migrations()
