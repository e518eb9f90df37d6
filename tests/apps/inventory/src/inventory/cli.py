"""Asks for everything that an application may ask of its own files."""

# expect: version 1.2.3
# expect: requires ['certifi', 'click>=8']
# expect: plugin first
# expect: files 15
# expect: search path bin lib/python3.x lib/python3.x/site-packages
# expect: sysconfig True True True True
# expect: variables True True True True
# expect: site True True True
# expect: command #!python True True True
# expect: beside the module ['stone', 'wood']
# expect: resources ['__init__.py', 'data', 'settings.json']
# expect: resource text {"answer": 42}
# expect: as file True stone True
# expect: get_data b'{"answer": 42}'
# expect: listdir ['empty.bin', 'items.txt']
# expect: walk 4
# expect: glob ['items.txt']
# expect: stat 11 True False
# expect: namespace 42 inventory.cli spread
# expect: modules ['cli', 'plugins', 'stock']
# expect: source def main(scratch):
# expect: left out True
# expect: read-only True True
# expect: missing True
# expect: copied ['empty.bin', 'items.txt']
# expect: certificates True
# expect: default certificates True
# expect: from certifi True
# expect: json 42
# expect: linecache "Asks for everything that an application may ask of its own files."

import glob
import importlib.metadata
import importlib.resources
import importlib.util
import inspect
import json
import linecache
import os
import pkgutil
import shutil
import site
import ssl
import sys
import sysconfig
import tempfile
from base64 import urlsafe_b64encode
from hashlib import sha256
from pathlib import Path

import certifi
import click

import inventory
import spread.part.module
from inventory import stock

HERE = Path(__file__).parent


@click.command()
@click.option("--scratch", default=None)
def main(scratch):
    show_metadata()
    show_layout()
    show_files()
    show_modules()
    show_refusals(scratch or tempfile.gettempdir())
    context = ssl.create_default_context(cafile=certifi.where())
    print("certificates", len(context.get_ca_certs()) > 100)
    # Without any on the machine, the default ones are those that the application carries.
    found = ssl.get_default_verify_paths().cafile or "/etc/ssl/certs"
    print("default certificates", found.startswith("/etc") or found == certifi.where())
    if not os.path.exists("/etc"):
        print("from certifi", len(ssl.create_default_context().get_ca_certs()) > 100)
    print("json", json.load(open(HERE / "stock" / "settings.json"))["answer"])
    print("linecache", linecache.getline(__file__, 1).strip().strip('"').join('""'))


def show_metadata():
    print("version", importlib.metadata.version("inventory-app"))
    print("requires", sorted(importlib.metadata.requires("inventory_app")))
    (plugin,) = importlib.metadata.entry_points(group="inventory.plugins")
    print("plugin", plugin.load().name)
    files = importlib.metadata.files("inventory-app")
    print("files", len([path for path in files if path.locate().exists()]))


def show_layout():
    """The executable is laid out as an installation, and all that tells of it agrees."""
    version = "python{}.{}".format(*sys.version_info)
    below = [os.path.relpath(path, sys.prefix).replace(version, "python3.x") for path in sys.path]
    print("search path", *below)
    paths, command = sysconfig.get_paths(), sys.modules["__main__"].__file__
    print(
        "sysconfig",
        paths["stdlib"] == paths["platstdlib"] == os.path.dirname(os.__file__),
        paths["purelib"] == paths["platlib"] == str(HERE.parent),
        (paths["scripts"], paths["data"]) == (os.path.dirname(command), sys.prefix),
        all(os.path.isdir(paths[name]) for name in ("stdlib", "purelib", "platlib", "scripts")),
    )
    variables = sysconfig.get_config_vars()
    print(
        "variables",
        (variables["LIBDEST"], variables["BINDIR"]) == (paths["stdlib"], paths["scripts"]),
        variables["prefix"] == variables["base"] == variables["installed_base"] == sys.prefix,
        (sys.platlibdir, os.path.basename(variables["LIBDIR"])) == ("lib", "lib"),
        not [v for v in variables.values() if str(v).startswith("/install/")],
    )
    prefixes = {sys.prefix, sys.base_prefix, sys.exec_prefix, *site.PREFIXES}
    print(
        "site",
        site.getsitepackages() == [str(HERE.parent)],
        prefixes == {sys.executable},
        "site-packages" in click.__file__,
    )
    (recorded,) = (
        file for file in importlib.metadata.files("inventory-app") if file.name == "inventory"
    )
    data = recorded.read_binary()
    digest = urlsafe_b64encode(sha256(data).digest()).rstrip(b"=").decode()
    print(
        "command",
        data.decode().splitlines()[0],
        os.path.samefile(recorded.locate(), command),
        (recorded.hash.value, recorded.size) == (digest, len(data)),
        str(recorded) == "../../../bin/inventory",
    )


def show_files():
    print("beside the module", (HERE / "stock/data/items.txt").read_text().split())
    resources = importlib.resources.files(stock)
    print("resources", sorted(path.name for path in resources.iterdir()))
    print("resource text", resources.joinpath("settings.json").read_text())
    with importlib.resources.as_file(resources / "data" / "items.txt") as path:
        print("as file", str(path).startswith(sys.executable), path.read_text().split()[0], end=" ")
    print(path.exists())
    print("get_data", pkgutil.get_data("inventory.stock", "settings.json"))
    print("listdir", sorted(os.listdir(HERE / "stock" / "data")))
    print("walk", sum(len(names) for _, _, names in os.walk(HERE / "stock")))
    print("glob", [os.path.basename(name) for name in glob.glob(str(HERE / "stock/data/*.txt"))])
    item = HERE / "stock" / "data" / ".." / "data" / "items.txt"
    print("stat", item.stat().st_size, item.is_file(), item.is_dir())


def show_modules():
    names = (spread.part.module.VALUE, __name__, spread.__name__)
    print("namespace", *names)
    found = [module.name for module in pkgutil.iter_modules(inventory.__path__)]
    print("modules", sorted(found))
    print("source", inspect.getsource(main.callback).splitlines()[2])
    print("left out", importlib.util.find_spec("inventory.tests") is None)


def show_refusals(scratch):
    refusals = []
    for mode in ("w", "a"):
        try:
            open(HERE / "new.txt", mode)
        except OSError as error:
            refusals.append(error.errno == 30)
    print("read-only", *refusals)
    try:
        open(HERE / "missing.txt")
    except FileNotFoundError as error:
        print("missing", error.filename.endswith("missing.txt"))
    copy = shutil.copytree(HERE / "stock" / "data", Path(scratch) / "copy", dirs_exist_ok=True)
    print("copied", sorted(os.listdir(copy)))


def show_version():
    print(importlib.metadata.version("inventory-app"))
