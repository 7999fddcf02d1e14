"""Our Alembic revisions, with a version table of their own.

A dashboard with Flask-Migrate passes `include_name` to `context.configure`, or its next
autogenerate would drop our tables.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from ..database import TABLE_PREFIX, Database
from ..errors import ConfigurationError

VERSION_TABLE = "smartpush_alembic_version"


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """For a dashboard's own `env.py`: leave SmartPush's tables alone."""
    table = name if type_ == "table" else parent_names.get("table_name")
    return not (table or "").startswith(TABLE_PREFIX)


def bring_up_to_date(connection: Connection, database: Database) -> None:
    """Upgrade, and raise ConfigurationError when the tables still are not those of this code."""
    upgrade(connection)
    missing = database.missing_columns()
    if missing:
        raise ConfigurationError(
            "SmartPush's tables were made by an unreleased state of it, and cannot be upgraded: "
            f"{', '.join(missing[:3])} is missing. Drop the tables named {TABLE_PREFIX}..., "
            "or, in the demo, remove DATA_DIR."
        )


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Bring the tables to this revision, in the connection's own transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).resolve().parent))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
