"""Alembic's entry: always called with an open connection (`migrations.upgrade`)."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy.types import TypeDecorator

from smartpush_shopline.audiences import models as _audiences
from smartpush_shopline.contacts import models as _contacts
from smartpush_shopline.contacts.suppression import models as _suppression
from smartpush_shopline.database import TABLE_PREFIX, Base
from smartpush_shopline.inbox import models as _inbox
from smartpush_shopline.migrations import VERSION_TABLE
from smartpush_shopline.sync import models as _sync

KNOWN = (_audiences, _contacts, _inbox, _suppression, _sync)


def only_ours(name: str | None, type_: str, parent_names: object) -> bool:
    return type_ != "table" or (name or "").startswith(TABLE_PREFIX)


def plain_type(type_: str, obj: Any, _context: AutogenContext) -> str | Literal[False]:
    """Revisions name the database's own types: ours may change, a revision never does."""
    if type_ == "type" and isinstance(obj, TypeDecorator):
        return f"sa.{obj.impl!r}"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    version_table=VERSION_TABLE,
    include_name=only_ours,
    render_item=plain_type,
    render_as_batch=connection.dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
connection.commit()
