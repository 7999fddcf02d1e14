"""What `pip install` brings is looked at in the wheel itself, built as a release would be."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("setup.cfg", "pyproject.toml", "MANIFEST.in", "README.md", "LICENSE",
           "smartpush_shopline", "templates", "static")  # fmt: skip
IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Source archive first, then the wheel out of it, so MANIFEST.in is tried as well."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=IGNORED)
        else:
            shutil.copy(ROOT / name, source / name)
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def shipped(wheel: Path) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def files_below(folder: str, inside: str) -> set[str]:
    paths = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    kept = (path for path in paths if "__pycache__" not in path.parts)
    return {f"{inside}/{path.relative_to(ROOT / folder).as_posix()}" for path in kept}


def test_every_python_folder_is_named_in_setup_cfg(shipped: set[str]) -> None:
    python = {name for name in files_below("smartpush_shopline", "smartpush_shopline")
              if name.endswith(".py")}  # fmt: skip
    missing = {str(Path(name).parent).replace("/", ".") for name in python - shipped}
    assert not missing, f"add to [options] packages in setup.cfg: {sorted(missing)}"


def test_everything_that_is_not_python_travels_too(shipped: set[str]) -> None:
    wanted = files_below("smartpush_shopline", "smartpush_shopline")
    wanted |= files_below("templates", "smartpush_shopline/templates")
    wanted |= files_below("static", "smartpush_shopline/static")
    assert wanted - shipped == set()


def test_nothing_travels_that_does_not_belong(shipped: set[str]) -> None:
    tops = {name.split("/")[0] for name in shipped}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"smartpush_shopline"}


def test_templates_and_styles_and_types_and_migrations_are_there(shipped: set[str]) -> None:
    inside = [name.removeprefix("smartpush_shopline/") for name in shipped]
    for beginning, end in (("templates/smartpush_shopline/", ".html"), ("static/", ".css"),
                           ("static/", ".js"), ("migrations/versions/", ".py"),
                           ("translations/", ".mo"), ("", "py.typed")):  # fmt: skip
        assert any(n.startswith(beginning) and n.endswith(end) for n in inside), (beginning, end)


def test_the_installed_wheel_draws_its_own_templates(wheel: Path, tmp_path: Path) -> None:
    """Unpacked far from the checkout: every template compiles, the stylesheet is served."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    (tmp_path / "try.py").write_text(TRY, encoding="utf-8")
    command = [sys.executable, "-P", "try.py"]
    environment = {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == "fine"


TRY = """
import os
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
import smartpush_shopline
from smartpush_shopline import SmartPush

assert "/site/" in smartpush_shopline.__file__, smartpush_shopline.__file__
app = Flask("somewhere")
app.config.update(
    SECRET_KEY="s", SQLALCHEMY_DATABASE_URI="sqlite:///" + os.path.abspath("try.sqlite"),
    SMARTPUSH_APPS={"key": ["secret"]}, SMARTPUSH_PUBLIC_URL="http://127.0.0.1",
    SMARTPUSH_ENCRYPTION_KEYS=["MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="],
    SMARTPUSH_RUNNER="external",
)
db = SQLAlchemy(app)
SmartPush(db=db).init_app(app)
names = [n for n in app.jinja_env.list_templates() if n.startswith("smartpush_shopline/")]
assert len(names) > 5, names
for name in names:
    app.jinja_env.get_template(name)
static = next(r for r in app.url_map.iter_rules() if r.endpoint == "smartpush.static")
from pathlib import Path
folder = Path(smartpush_shopline.__file__).parent / "static"
sheet = next(folder.rglob("*.css")).relative_to(folder)
address = str(static).replace("<path:filename>", str(sheet))
assert app.test_client().get(address).status_code == 200, address
print("fine")
"""
