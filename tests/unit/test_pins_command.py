"""`obelisk pins`: what is pinned, and whose pins they are."""

import json
from datetime import date

import pytest
from click.testing import CliRunner

from obelisk.cli import cli
from obelisk.config.own_pins import OwnPins, own_pins
from obelisk.distribution import components
from obelisk.errors import ConfigError
from obelisk.services.pins import shipped_pins

SHA = "ab" * 32
TABLE = f'version = "3.5.99"\nfile = "o.tar"\nsha256 = "{SHA}"\n'


@pytest.fixture
def pins(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def pins(*words):
        done = CliRunner().invoke(cli, ["pins", *words], prog_name="obelisk")
        if done.exception is not None:
            raise done.exception
        return done.output

    return pins


def test_all_pins_are_listed(pins):
    shown = json.loads(pins("--json"))["pins"]
    assert [row["name"] for row in shown] == list(shipped_pins().names)
    assert all(row["origins"] and row["license"] and "own" not in row for row in shown)
    assert all(date.fromisoformat(row["date"]) > date(2019, 1, 1) for row in shown)
    openssl = shipped_pins()["openssl"]
    (line,) = (line for line in pins().splitlines() if line.startswith("openssl "))
    assert line.split() == ["openssl", openssl.version, str(openssl.date), openssl.license]


def test_those_of_the_project_and_of_files_are_marked(pins, tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        f"[project]\nname = 'a'\n[tool.obelisk.pins.zlib]\n{TABLE}"
    )
    (tmp_path / "pins.toml").write_text(f"[openssl]\n{TABLE}")
    shown = json.loads(pins("--json", "--pins", "pins.toml"))["pins"]
    own = {row["name"]: row["origins"] for row in shown if "own" in row}
    assert own.keys() == {"openssl", "zlib"}
    assert own["openssl"] == [{"place": str(tmp_path / "o.tar"), "sha256": SHA}]
    shown = pins("--pins", "pins.toml")
    assert "own: `openssl` of pins.toml" in shown
    (line,) = (line for line in shown.splitlines() if line.startswith("openssl "))
    assert line.split()[:3] == ["openssl", "3.5.99", "-"]


def test_only_known_pins_are_checked(pins):
    with pytest.raises(ConfigError, match="unknown pin `opensll`"):
        pins("check", "opensll")


def test_a_component_is_of_the_pin_that_was_built_from(tmp_path):
    values = {"version": "3.5.99", "url": "https://host/o.tar?token=1", "sha256": SHA}
    own = own_pins(OwnPins().with_table({"openssl": values}, "here"), tmp_path)
    found = components.library("openssl", own, tmp_path)
    assert (found.version, found.sha256) == ("3.5.99", SHA)
    assert found.origin == "https://host/o.tar"
    assert found.cpe.split(":")[5] == "3.5.99"
