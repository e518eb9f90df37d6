"""An endless loop ends soon, at its line, whatever is in it: steps follow the time that it takes.

There is no time in these tests. Each kind was measured: three million steps, the limit, take less
than a second, also where it is the host or a loop in C that takes it.
"""

import pytest
from configurations import distribution
from starlark_files import error_of

from obelisk.config.pyoxidizer.api import FUNCTIONS, TYPES, names
from obelisk.config.pyoxidizer.session import Session, Surroundings
from obelisk.config.pyoxidizer.table import Method
from obelisk.config.settings import Settings
from obelisk.config.starlark.attributes import attribute_names
from obelisk.config.starlark.builtins import BUILTINS
from obelisk.config.starlark.errors import StarlarkError
from obelisk.config.starlark.interpreter import Interpreter
from obelisk.config.starlark.limits import Limits

STEPS = 200_000
FEW = Limits(steps=STEPS)
ENDLESS = "for i in range(1000000000):\n"

VALUES = """
text = "ab c" * 5000
lines = "ab\\n" * 2000
numbers = list(range(1000))
words = [str(number) for number in numbers]
table = {number: number for number in numbers}
named = {word: word for word in words}
pairs = [(number, number) for number in numbers]
shared = [1] * 1000
none = []
no_text = ""
def own(x, y = 1, *z, **k):
    return x
def outer(x):
    def inner():
        return x
    return inner
function = lambda x: x
"""
LOOPS = [
    "pass",
    "for j in range(1000000000): pass",
    "for j, (a, b) in [(1, (2, 3))] * 1000: pass",
    "for word in words: continue",
    "for word in words: break",
    "own(y = i, x = 2, q = 3)",
    "own(*numbers)",
    "own(1, **named)",
    "function(i)",
    "outer(i)()",
    "outer",
    "[j for j in numbers]",
    "[j for j in numbers for k in numbers if False]",
    "{j: j for j in numbers}",
    "x = i and i or not i",
    "x = 1 if i == -1 else 2",
    "x = -i",
    "x = (1 << 1000) - 1 >> 3 ^ 7 & 9",
    "x = ((1 << 1000) - 1) * 1 // 3 % 7",
    "if i == -1:\n        pass\n    elif i in (1, 2):\n        pass",
    "no_text += 'a'",
    "no_text = 'a' + no_text",
    "no_text = no_text + no_text + 'a'",
    "none += [1]",
    "none = none + none + [1]",
    "none.append(i)",
    "none.append([0] * 100000)",
    "none.append('a' * 999990 + str(i))",
    "none = [none]",
    "shared[0] += 1",
    "x = numbers + numbers",
    "x = [numbers] * 1000",
    "x = 'ab' * 10000",
    "table[i] = i",
    "table[(i, -1)] = 1",
    "table[i * 2305843009213693951] = 1",
    "x = table | table",
    "x = table == dict(table)",
    "x = numbers == list(numbers)",
    "x = numbers < list(numbers)",
    "x = -1 in numbers",
    "x = 'a' in words",
    "x = 'bb' in text",
    "x = i in range(i)",
    "x = i in table",
    "x = numbers[::-1]",
    "x = text[::-1]",
    "x = '%s' * 100 % tuple(shared[:100])",
    "x = '%r' % words",
    "x = '%d %x' % (i, i)",
    "len([" + "0, " * 1000 + "])",
    "len({" + ", ".join(f"{number}: 0" for number in range(300)) + "})",
    # Methods, several of which loop in C.
    "text.upper().lower().title().capitalize()",
    "text.islower() or text.isupper() or text.isspace()",
    "text.istitle() or text.isalnum() or text.isalpha() or text.isdigit()",
    "text.count('a')",
    "text.find('bb')",
    "text.rfind('ab' * 500 + 'b')",
    "text.index('ab')",
    "text.rindex('ab')",
    "text.split()",
    "text.split('a')",
    "text.rsplit('a', 3)",
    "lines.splitlines()",
    "text.strip('abc')",
    "text.lstrip('ab' * 100)",
    "text.rstrip()",
    "text.replace('a', 'c')",
    "text.replace('a', 'c' * 50)",
    "text.partition('d')",
    "text.rpartition('a')",
    "text.startswith('ab')",
    "text.endswith(tuple(words))",
    "text.removeprefix('ab').removesuffix('c')",
    "text.elems()",
    "','.join(words)",
    "'{}-{x}'.format(i, x = 2)",
    "('{0}' * 1000).format(1)",
    "numbers.index(999)",
    "numbers.insert(0, numbers.pop())",
    "numbers.append(numbers.pop(0))",
    "numbers.append(-1)\n    numbers.remove(-1)",
    "[].extend(numbers)",
    "list(numbers).clear()",
    "named.get('7')",
    "named.items()",
    "named.keys()",
    "named.values()",
    "named.setdefault('7', 7)",
    "{}.update(named)",
    "{}.update(pairs)",
    "dict(named).clear()",
    "table.popitem()\n    table[i + 1000] = 1",
    "table.pop(i, 1)\n    table[i + 1000] = 1",
    # Functions.
    "all(shared)",
    "any([0] * 1000)",
    "bool(i)",
    "dict(**named)",
    "dict(pairs)",
    "dir('')",
    "enumerate(numbers)",
    "fail if False else 1",
    "getattr('', 'upper')()",
    "hasattr(i, 'x')",
    "int('12')",
    "int('9' * 300)",
    "len(numbers)",
    "list(range(1000))",
    "max(numbers)",
    "max(numbers, key = lambda x: x)",
    "max(numbers, key = bool)",
    "min(1, 2, 3)",
    "print(i)",
    "print(text)",
    "range(i)",
    "repr(words)",
    "repr('\\n' * 10000)",
    "reversed(numbers)",
    "sorted(numbers)",
    "sorted(words)",
    "sorted(numbers, key = lambda x: -x)",
    "sorted(shared, key = type)",
    "str(numbers)",
    "str(i)",
    "tuple(numbers)",
    "type(i)",
    "zip(numbers, numbers)",
    "zip(*pairs)",
]


@pytest.mark.parametrize("body", LOOPS)
def test_an_endless_loop_ends_at_its_line(body):
    error = error_of(f"{VALUES}{ENDLESS}    {body}\n", limits=FEW)
    assert (
        error.problem == "the evaluation takes too long"
        or "limit is" in error.problem
        or ("nested too deeply" in error.problem)
    )
    assert error.place.line > VALUES.count("\n")


def test_every_function_and_method_of_the_language_is_in_a_loop():
    bodies = "\n".join(LOOPS)
    methods = {name for value in ("", [], {}) for name in attribute_names(value)}
    assert [
        name for name in methods if f".{name}(" not in bodies and f"'{name}'" not in bodies
    ] == []
    assert [name for name in BUILTINS if f"{name}(" not in bodies and name != "fail"] == []


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    for i in range(1000000000):\n        g(i)\ndef g(x):\n    return x\nf()",
        "def f0(): pass\n"
        + "".join(f"def f{n}():\n    f{n - 1}()\n    f{n - 1}()\n" for n in range(1, 40))
        + "f39()",
        "x = [0 for i in range(100000) for j in range(100000) if False]",
        "x = {0: j for i in range(100000) for j in range(100000)}",
        "def f(x):\n    for y in range(100000000):\n        pass\nsorted([1, 2], key = f)",
        "x = [[]]\nfor i in range(40):\n    x = [x, x]\ny = str(x)",
        "x, y = [1], [1]\nfor i in range(40):\n    x, y = [x, x], [y, y]\nz = x == y",
        "x = (1,)\nfor i in range(40):\n    x = (x, x)\nz = {x: 1}",
    ],
)
def test_what_doubles_ends_too(source):
    error = error_of(source, limits=FEW)
    assert error.problem == "the evaluation takes too long"
    assert f"gave up after {STEPS} steps" in error.hint


API = """
dist = default_python_distribution()
policy = dist.make_python_packaging_policy()
config = dist.make_python_interpreter_config()
exe = dist.to_python_executable("app", policy, config)
files = FileManifest()
made = FileContent(filename = "a", content = "b")
for number in range(100):
    files.add_file(made, path = "x/%d" % number)
def nothing(*args):
    pass
asking = dist.make_python_packaging_policy()
asking.register_resource_callback(nothing)
asked = dist.to_python_executable("asked", asking)
resources = exe.pip_install(["thing"])
module = resources[0]
paths = ["/a"] * 1000
wix = WiXMSIBuilder("a", "b", "1", "c")
bundle = WiXBundleBuilder("a", "b", "1", "c")
installer = WiXInstaller("a", "b")
mac = MacOsApplicationBundleBuilder("a")
universal = AppleUniversalBinary("a")
wheel = PythonWheelBuilder("a", "1")
snap = Snap("a", "1", "b", "c")
builder = SnapcraftBuilder(snap)
signer = code_signer_from_windows_store_auto()
register_target("a", nothing)
"""
CALLS = [
    "register_target('a', nothing)",
    "register_target('a%d' % i, nothing)",
    "register_target('a', nothing, depends = paths)",
    "register_target('a', nothing)\n    resolve_target('a')",
    "resolve_target('a')",
    "resolve_targets()",
    "set_build_path('x%d' % i)",
    "can_prompt()",
    "prompt_confirm('a', default = True)",
    "prompt_input('a', default = 'b')",
    "prompt_password('a', default = 'b')",
    "VARS.get('x', 'y')",
    "default_python_distribution()",
    "default_python_distribution(python_version = '3.%d' % i)",
    "default_python_distribution(build_target = 'x%d' % i)",
    "PythonDistribution(sha256 = 'x')",
    "dist.make_python_packaging_policy()",
    "dist.make_python_interpreter_config()",
    "PythonInterpreterConfig(run_eval = 'x')",
    "dist.python_resources()",
    "dist.to_python_executable('a')",
    "dist.to_python_executable('a', asking)",
    "e = dist.to_python_executable('a', asking)\n    e.pip_install(['thing'])",
    "policy.register_resource_callback(nothing)",
    "policy.register_resource_callback(nothing)\n    dist.to_python_executable('a', policy)",
    "policy.set_preferred_extension_module_variant('a', 'b')",
    "policy.set_resource_handling_mode('files')",
    "policy.allow_files = True",
    "policy.allow_files",
    "config.module_search_paths = paths",
    "config.module_search_paths = paths\n    dist.to_python_executable('a', config = config)",
    "config.run_module = 'a'",
    "hasattr(exe, 'pip_install')",
    "getattr(exe, 'nothing', 1)",
    "dir(config)",
    "str(exe)",
    "print(exe)",
    "x = {exe: i}",
    "exe.pip_install(['thing'])",
    "exe.pip_install(['thing==%d' % i])",
    "exe.pip_install(['x'] * 1000)",
    "exe.pip_install(['-r', 'names.txt'])",
    "exe.pip_download(['thing'])",
    "exe.setup_py_install('old')",
    "exe.read_package_root('.', ['app'])",
    "exe.read_package_root('.', ['app'] * (i % 50 + 1))",
    "exe.read_package_root('.', ['gone%d' % i])",
    "exe.read_virtualenv('venv')",
    "asked.pip_install(['thing'])",
    "exe.add_python_resources(exe.pip_install(['thing']))",
    "for resource in resources:\n        exe.add_python_resource(resource)",
    "exe.add_python_resources(resources)",
    "exe.add_python_resources(resources * 100)",
    "module.name",
    "module.add_include = False",
    "len([x for x in resources if type(x) == 'PythonModuleSource'][0].source)",
    "exe.make_python_module_source('a%d' % i, 'x')",
    "exe.make_python_module_source('a.' * 10000, 'x' * 10000)",
    "exe.add_python_resource(exe.make_python_module_source('a%d' % i, 'x'))",
    "exe.filter_resources_from_files(files = ['names.txt'])",
    "exe.filter_resources_from_files(glob_files = ['*.txt'])",
    "exe.add_cargo_manifest_licensing('x')",
    "exe.to_embedded_resources().build('x')",
    "exe.to_file_manifest('x')",
    "exe.to_wix_msi_builder('a', 'b', '1', 'c')",
    "exe.to_wix_bundle_builder('a', 'b', '1', 'c')",
    "exe.build('x')",
    "exe.add_in_memory_python_resources(resources)",
    "FileManifest()",
    "FileManifest().add_manifest(files)",
    "files.add_file(made)",
    "files.add_file(made, path = 'x/%d' % i)",
    "files.add_path('names.txt', strip_prefix = '.')",
    "files.add_python_resource('.', exe)",
    "files.add_python_resources('lib', resources)",
    "files.build('x')",
    "files.get_file('x/1')",
    "files.get_file('a/' * 1000)",
    "files.install('x')",
    "files.paths()",
    "files.remove('x')",
    "FileContent(filename = 'a', content = 'b')",
    "FileContent(path = 'names.txt')",
    "made.write_to_directory('x')",
    "made.filename = 'x'",
    "glob(['*.txt'])",
    "glob(['**/*.txt'])",
    "glob(['**/*'], exclude = ['**/*%d' % i])",
    "wix.help_url = 'a'",
    "wix.add_program_files_manifest(files)",
    "wix.add_visual_cpp_redistributable('14', 'x64')",
    "wix.to_file_content()",
    "wix.build('a')",
    "bundle.add_condition('a', 'b')",
    "bundle.add_vc_redistributable('x64')",
    "bundle.add_wix_msi_builder(wix)",
    "installer.add_build_file('a', 'b')",
    "installer.add_build_files(files)",
    "installer.add_install_file('a', 'b')",
    "installer.add_install_files(files)",
    "installer.add_msi_builder(wix)",
    "installer.add_simple_installer('a', '1', 'c', files)",
    "installer.add_wxs_file('a', {'b': 'c'})",
    "installer.set_variable('a', 'b')",
    "mac.add_icon('a')",
    "mac.add_macos_file(made)",
    "mac.add_macos_manifest(files)",
    "mac.add_manifest(files)",
    "mac.add_resources_file(made)",
    "mac.add_resources_manifest(files)",
    "mac.set_info_plist_key('a', 1)",
    "mac.set_info_plist_required_keys('a', 'b', '1', 'abcd', 'e')",
    "universal.add_file(made)",
    "universal.add_path('a')",
    "wheel.add_file(made)",
    "wheel.add_file_data('data', made)",
    "wheel.add_file_dist_info(made)",
    "snap.apps = {'a': SnapApp()}",
    "snap.parts = {'a': SnapPart()}",
    "snap.to_builder()",
    "builder.add_file_manifest(files)",
    "builder.add_invocation(['a'])",
    "code_signer_from_pfx_file('a', 'b').activate()",
    "code_signer_from_windows_store_sha1_thumbprint('a')",
    "code_signer_from_windows_store_subject('a')",
    "signer.chain_issuer_certificates_macos_keychain()",
    "signer.chain_issuer_certificates_pem_file('a')",
    "signer.set_signing_callback(nothing)",
    "signer.set_time_stamp_server('a')",
    "WiXMSIBuilder('a', 'b', '1', 'c')",
    "WiXBundleBuilder('a', 'b', '1', 'c')",
    "WiXInstaller('a', 'b')",
    "MacOsApplicationBundleBuilder('a')",
    "AppleUniversalBinary('a')",
    "PythonWheelBuilder('a', '1')",
    "Snap('a', '1', 'b', 'c')",
]
ERRORS = {"write_to_directory", "BuildConfig", "EmbeddedPythonConfig"}
"""What is an error at its first call, as are the functions of 0.5."""
THING = distribution("thing", {f"thing/{name}.py": "x = 1\n" for name in ("__init__", *"abcdef")})


@pytest.fixture
def run(configurations, monkeypatch):
    """A function that evaluates a file of the API, and returns the error that it ends with."""
    configurations.installs |= {"thing": THING, "names.txt": THING, "./old": THING}
    for path in ("app/__init__.py", "old/setup.py"):
        configurations.file(path)
    configurations.file("names.txt", "thing\n" * 20)
    configurations.file("venv/lib/python3.14/site-packages/other.py")
    configurations.file("venv/pyvenv.cfg")
    monkeypatch.chdir(configurations.project)

    def evaluate(source, limits=FEW):
        session = Session(
            path=configurations.file("pyoxidizer.bzl", source),
            surroundings=Surroundings(
                triple="x86_64-unknown-linux-musl",
                python=None,
                settings=Settings(),
                variables={},
                targets=(),
                bring=configurations.bring,
                warn=lambda text: None,
            ),
        )
        with pytest.raises(StarlarkError) as caught:
            Interpreter(names(session), write=lambda *_: None, limits=limits).run(session.path)
        return caught.value

    return evaluate


@pytest.mark.parametrize("body", CALLS)
def test_an_endless_loop_of_calls_ends_at_its_line(run, body):
    error = run(f"{API}{ENDLESS}    {body}\n")
    assert error.problem == "the evaluation takes too long"
    places = [error.place, *(call.place for call in error.chain if call.place)]
    assert max(place.line for place in places) > API.count("\n")
    # Files add steps once, however often they are found.
    steps = int(error.hint.split()[3])
    assert STEPS <= steps < STEPS + 100 * FEW.steps_per_file


def test_every_function_and_method_of_the_api_is_in_a_loop():
    bodies = "\n".join(CALLS) + API
    methods = {
        f".{name}("
        for kind in TYPES
        for name, row in kind.rows.items()
        if isinstance(row, Method) and not row.old and name not in ERRORS
    }
    functions = {
        f"{name}("
        for name, row in FUNCTIONS.items()
        if "0.5 and before" not in row.does and name not in ERRORS
    }
    assert [call for call in methods | functions if call not in bodies] == []


@pytest.mark.parametrize(
    "source",
    [
        (
            "def f():\n    for i in range(1000000000):\n        pass\n"
            "register_target('a', f)\nresolve_target('a')"
        ),
        (
            "for i in range(2000):\n    policy.register_resource_callback(nothing)\n"
            "e = dist.to_python_executable('a', policy)\ne.pip_install(['thing'])"
        ),
        (
            "def f(policy, resource):\n    for i in range(1000000000):\n        pass\n"
            "policy.register_resource_callback(f)\ndist.to_python_executable('a', policy)"
        ),
    ],
)
def test_what_the_host_calls_back_ends_too(run, source):
    assert run(f"{API}{source}").problem == "the evaluation takes too long"


def test_targets_that_depend_on_one_another_too_deeply(run):
    targets = "for i in range(200):\n    register_target('t%d' % i, nothing, ['t%d' % (i + 1)])\n"
    error = run(f"{API}{targets}resolve_target('t0')")
    assert "more than 100 targets depend on one another" in error.problem


MANY = """
def callback(policy, resource):
    if type(resource) == "PythonModuleSource":
        if resource.name.startswith("other.") or resource.name in ("big.x", "big.y"):
            resource.add_include = False
    elif type(resource) in ("PythonPackageResource", "PythonPackageDistributionResource"):
        resource.add_location = "filesystem-relative:lib"

def make(name):
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.register_resource_callback(callback)
    exe = dist.to_python_executable(name = name, packaging_policy = policy)
    for resource in exe.pip_install(["big"]):
        if type(resource) == "PythonExtensionModule" and resource.name.startswith("big."):
            continue
        resource.add_location = "in-memory"
        exe.add_python_resource(resource)
    return exe

{}
"""


def big(count):
    return distribution(
        "big", {f"big/p{number // 100}/m{number}.py": "" for number in range(count)}
    )


def test_a_configuration_may_look_at_each_of_many_files(run, configurations):
    configurations.installs["big"] = big(20_000)
    calls = 'make("one")\nmake("two")\nfail("all were seen")'
    assert run(MANY.format(calls), Limits()).problem == "all were seen"
