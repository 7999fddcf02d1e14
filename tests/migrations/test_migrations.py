"""Our tables in somebody else's database."""

from __future__ import annotations

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask, Request
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import create_engine, inspect
from sqlalchemy.types import TypeDecorator

from smartpush_shopline import SmartPush, migrations
from smartpush_shopline.database import TABLE_PREFIX, Base
from smartpush_shopline.errors import ConfigurationError
from smartpush_shopline.migrations import VERSION_TABLE
from tests.hosting import close_host, config, make_host


@pytest.fixture
def engine(url):
    made = create_engine(url)
    yield made
    made.dispose()


def test_upgrading_twice_is_harmless(engine):
    before = set(inspect(engine).get_table_names())
    for _ in range(2):
        with engine.connect() as connection:
            migrations.upgrade(connection)
    assert set(inspect(engine).get_table_names()) == before
    assert all(name.startswith(TABLE_PREFIX) for name in before)
    assert VERSION_TABLE in before


def test_the_migrated_tables_are_those_of_the_models(engine):
    """Compared as Alembic compares: what it would still have to change is nothing."""

    def same_type(context, column, mapped, found, wanted):
        plain = wanted.impl if isinstance(wanted, TypeDecorator) else wanted
        return None if type(plain) is type(wanted) else False

    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": same_type,
                "compare_server_default": True,
                "include_name": lambda name, type_, _parents: type_ != "table"
                or (name.startswith(TABLE_PREFIX) and name != VERSION_TABLE),
            },
        )
        assert compare_metadata(context, Base.metadata) == []


def test_every_model_is_known_to_the_migrations(engine):
    missing = set(Base.metadata.tables) - set(inspect(engine).get_table_names())
    assert missing == set()


def test_a_dashboard_of_its_own_is_left_alone(tmp_path):
    """Its tables, and its own alembic_version."""
    engine = create_engine(f"sqlite:///{tmp_path / 'host.sqlite'}")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32))")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('host-7')")
        connection.exec_driver_sql("CREATE TABLE campaign (id INTEGER PRIMARY KEY)")
    with engine.connect() as connection:
        migrations.upgrade(connection)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT version_num FROM alembic_version").all()
    assert rows == [("host-7",)]
    assert "campaign" in inspect(engine).get_table_names()
    engine.dispose()


def test_a_name_of_ours_is_not_included_and_others_are():
    include = migrations.include_name
    assert not include("smartpush_shop", "table", {})
    assert not include(VERSION_TABLE, "table", {})
    assert not include("uq_x", "unique_constraint", {"table_name": "smartpush_shop"})
    assert not include("ix_x", "index", {"table_name": "smartpush_shop"})
    assert include("campaign", "table", {})
    assert include("id", "column", {"table_name": "campaign"})
    assert include(None, "schema", {})


@pytest.mark.filterwarnings("ignore:.get_engine. is deprecated")
@pytest.mark.parametrize("with_our_name", [True, False])
def test_a_dashboards_next_autogenerate_drops_none_of_our_tables(
    url, tmp_path, monkeypatch, with_our_name
):
    """With `include_name`; and without it, so that this test can fail."""
    flask_migrate = pytest.importorskip("flask_migrate")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("logging.config.fileConfig", lambda *_: None)  # it silences all loggers
    app = Flask("host")
    app.config.from_mapping(config(url))
    db = SQLAlchemy(app)

    class Campaign(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    smartpush = SmartPush(db=db)
    smartpush.init_app(app)
    extra = {"include_name": migrations.include_name} if with_our_name else {}
    flask_migrate.Migrate(app, db, **extra)
    with app.app_context():
        db.create_all()
        flask_migrate.init(directory="host_migrations")
        flask_migrate.migrate(directory="host_migrations")
        smartpush.upgrade_database()
        db.engine.dispose()
    app.extensions["smartpush"].database.engine.dispose()
    scripts = list((tmp_path / "host_migrations" / "versions").glob("*.py"))
    written = "".join(script.read_text() for script in scripts)
    assert ("smartpush_" in written) is not with_our_name
    assert ("op." in written) is not with_our_name
    assert not re.search(r"_table\(\s*'campaign'", written)


# -- plugging in ------------------------------------------------------------------------------


def plug_in(url, **more):
    app = Flask("host")
    app.config.from_mapping(config(url, **more))
    db = SQLAlchemy(app)
    SmartPush(db=db).init_app(app)
    return app


def test_a_dashboards_own_request_class_survives(sqlite_url, clock):
    class Mine(Request):
        tenant = "acme"

    class Dashboard(Flask):
        request_class = Mine

    app = Dashboard("host")
    app.config.from_mapping(config(sqlite_url))
    db = SQLAlchemy(app)
    SmartPush(db=db).init_app(app)
    with app.test_request_context(headers={"HX-Request": "true"}):
        from flask import request

        assert (request.tenant, bool(request.htmx)) == ("acme", True)
        assert isinstance(request, Mine)
    with app.app_context():
        db.engine.dispose()
    app.extensions["smartpush"].database.engine.dispose()


def test_two_dashboards_in_one_process_keep_their_own_request_class(sqlite_url, clock):
    hosts = [make_host(sqlite_url, clock) for _ in range(2)]
    assert hosts[0].app.request_class is hosts[1].app.request_class
    assert Flask.request_class is Request
    for host in hosts:
        close_host(host)


def test_plugging_in_twice_is_said(host):
    with pytest.raises(ConfigurationError, match="plugged into this app already"):
        host.smartpush.init_app(host.app)


def test_a_database_that_is_not_there_yet_is_said():
    app = Flask("host")
    with pytest.raises(ConfigurationError, match=r"db\.init_app"):
        SmartPush(db=SQLAlchemy()).init_app(app)


@pytest.mark.parametrize("memory", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_in_memory_is_said(memory):
    with pytest.raises(ConfigurationError, match="in memory"):
        plug_in(memory)


def test_another_kind_of_database_is_said():
    from sqlalchemy.engine import Engine

    from smartpush_shopline.database import Database

    class Elsewhere:
        class dialect:  # noqa: N801
            name = "mysql"

    assert not issubclass(Elsewhere, Engine)
    with pytest.raises(ConfigurationError, match="not in mysql"):
        Database(Elsewhere())


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("SMARTPUSH_PUBLIC_URI", "x", "did you mean SMARTPUSH_PUBLIC_URL"),
        ("SMARTPUSH_ENCRYPTON_KEYS", [], "did you mean SMARTPUSH_ENCRYPTION_KEYS"),
        ("SMARTPUSH_XYZZY", 1, "README"),
        ("SMARTPUSH_APPS", {}, "SMARTPUSH_APPS is missing"),
        ("SMARTPUSH_APPS", {"key": "secret"}, "list of secrets"),
        ("SMARTPUSH_APPS", {"key": []}, "list of secrets"),
        ("SMARTPUSH_ENCRYPTION_KEYS", "key", "list of texts"),
        ("SMARTPUSH_ENCRYPTION_KEYS", ["no key"], "no Fernet key"),
        ("SMARTPUSH_PUBLIC_URL", "", "SMARTPUSH_PUBLIC_URL is missing"),
        ("SMARTPUSH_STORE_BASE_URL", "https://x", "{handle}"),
        ("SMARTPUSH_DRIFT_THRESHOLD", "20 %", "0.2 means 20 %"),
        ("SMARTPUSH_DRIFT_THRESHOLD", -1, "0.2 means 20 %"),
        ("SMARTPUSH_RUNNER", "cron", "apscheduler, external, inline"),
        ("SMARTPUSH_APPS", ["key"], "maps each app key"),
        ("SMARTPUSH_APPS", {"key": [b"secret"]}, "maps each app key"),
        ("SMARTPUSH_SCOPES", "read_customers", "list of texts"),
        ("SMARTPUSH_SCOPES", [], "names at least"),
        ("SMARTPUSH_TICK", 60, "is a timedelta"),
        ("SMARTPUSH_TICK", timedelta(0), "is a timedelta"),
        ("SMARTPUSH_KEEP_PARKED", 30, "is a timedelta"),
        ("SMARTPUSH_KEEP_DELIVERIES", 14, "is a timedelta"),
        ("SMARTPUSH_UNSIGNED_PROBE", "no", "True or False"),
        ("SMARTPUSH_DEFAULT_COUNTRY", 886, "a text, or None"),
        ("SMARTPUSH_STORE_BASE_URL", "https://{handle}.{domain}", "no other placeholder"),
        ("SMARTPUSH_STORE_BASE_URL", "{handle}.myshopline.com", "is an address"),
        ("SMARTPUSH_PUBLIC_URL", "dashboard.example", "begins with https://"),
        ("SMARTPUSH_URL_PREFIX", "smartpush", "begins with a slash"),
        ("SMARTPUSH_URL_PREFIX", "/smartpush/", "does not end with one"),
        ("SMARTPUSH_BASE_TEMPLATE", None, "is a text"),
        ("SMARTPUSH_HTMX", "cdn", "'vendored' or 'host'"),
    ],
)
def test_a_wrong_setting_is_said_with_a_hint(sqlite_url, setting, value, sentence):
    with pytest.raises(ConfigurationError) as said:
        plug_in(sqlite_url, **{setting: value})
    assert sentence in str(said.value)


def test_a_dashboards_transactions_on_sqlite_stay_as_they_are(sqlite_url, host):
    """Our pragmas and BEGIN IMMEDIATE are for our own connections only."""
    with host.app.app_context():
        connection = host.db.session.connection()
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 0
        assert host.database.engine is not host.db.engine
        host.db.session.rollback()
    with host.database.begin() as session:
        assert session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        assert session.connection().exec_driver_sql("PRAGMA secure_delete").scalar() == 1
        assert session.connection().exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


@pytest.fixture
def no_city(host):
    """As if the column had come later."""

    def rename(old, new):
        with host.database.engine.begin() as connection:
            order = f"ALTER TABLE smartpush_contact RENAME COLUMN {old} TO {new}"
            connection.exec_driver_sql(order)

    rename("city", "town")
    yield
    rename("town", "city")


def test_tables_of_an_unreleased_state_are_refused_with_what_to_do(host, no_city):
    with host.app.app_context():
        with pytest.raises(ConfigurationError, match=r"smartpush_contact\.city is missing"):
            host.smartpush.upgrade_database()
        result = host.app.test_cli_runner().invoke(args=["smartpush", "doctor"])
    assert result.exit_code == 1
    assert "older than its code" in result.output


def test_unplugged_it_explains_itself(host):
    app = Flask("another")
    app.config["SQLALCHEMY_DATABASE_URI"] = host.url or "sqlite://"
    with app.app_context():
        for use in (host.smartpush.shops, host.smartpush.upgrade_database):
            with pytest.raises(ConfigurationError, match="not plugged into this app"):
                use()
        with pytest.raises(ConfigurationError, match="not plugged into this app"):
            host.smartpush.audiences.find("campaign-1")


def test_a_rule_that_is_registered_late_counts(host):
    host.smartpush.authorizer(lambda action, shop: action == "view")
    host.smartpush.current_shop(lambda: "birch")
    assert (host.state.may("view", None), host.state.may("erase", None)) == (True, False)
    assert host.state.in_front() == "birch"


def test_the_doctor_looks_at_the_dashboards_migrations(host, tmp_path):
    run = host.app.test_cli_runner().invoke
    env = tmp_path / "env.py"
    env.write_text("context.configure(connection=connection)")
    host.app.extensions["migrate"] = SimpleNamespace(directory=str(tmp_path))
    assert "the next autogenerate would drop them" in run(args=["smartpush", "doctor"]).output
    env.write_text("from smartpush_shopline.migrations import include_name")
    assert "autogenerate" not in run(args=["smartpush", "doctor"]).output


@pytest.fixture
def no_shops(engine):
    """As if the tables had not been made."""

    def rename(old, new):
        with engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE {old} RENAME TO {new}")

    rename("smartpush_shop", "away")
    yield
    rename("away", "smartpush_shop")


@pytest.mark.parametrize("command", ["status", "segments", "sync", "inbox list"])
def test_a_command_without_tables_says_how_to_make_them(url, clock, no_shops, command):
    host = make_host(url, clock)
    asked = host.app.test_cli_runner().invoke(args=["smartpush", *command.split()])
    close_host(host)
    assert asked.exit_code == 1 and "run: flask smartpush db upgrade" in asked.output
