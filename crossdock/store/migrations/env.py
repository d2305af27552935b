"""Runs the migrations on a connection that `store.migrate` hands over."""

from alembic import context

from crossdock.store.schema.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
