# A large policy: callbacks in their order, with state that they change.

SEEN = []
COUNTS = {"stdlib": 0, "other": 0}
CONFIG = {"name": "policy"}

def count(policy, resource):
    if hasattr(resource, "is_stdlib"):
        key = "stdlib" if resource.is_stdlib else "other"
        COUNTS[key] += 1

def remember(policy, resource):
    if type(resource) == "PythonModuleSource" and not resource.is_stdlib:
        SEEN.append(resource.name)

def drop_standard_library(policy, resource):
    if getattr(resource, "is_stdlib", False):
        package = getattr(resource, "package", getattr(resource, "name", ""))
        if package.startswith("pydoc_data"):
            resource.add_include = False

def drop_modules(policy, resource):
    if type(resource) in ["PythonModuleSource"]:
        if resource.name in ("jinja2.sandbox", "app.extra"):
            resource.add_include = False

def files(policy, resource):
    if type(resource) == "File":
        if resource.path.endswith(".bak"):
            resource.add_include = False
        elif resource.is_executable and resource.path == "nothing":
            fail("never")

def make_exe(**more):
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.file_scanner_emit_files = True
    for callback in [count, remember, drop_standard_library, drop_modules, files]:
        policy.register_resource_callback(callback)
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    exe = dist.to_python_executable(packaging_policy = policy, config = config, **CONFIG)
    if COUNTS["stdlib"] < 100:
        fail("the standard library has few modules: {}".format(COUNTS["stdlib"]))
    exe.add_python_resources(exe.pip_install(["jinja2==3.1.6", "markupsafe==3.0.2"]))
    exe.add_python_resources(exe.read_package_root(path = ".", packages = ["app"]))
    if "markupsafe" not in SEEN:
        fail("markupsafe was not seen")
    print("seen", len([name for name in SEEN if name.startswith("jinja2")]) > 10)
    return exe

def make_embedded_resources(exe):
    return exe.to_embedded_resources()

def make_install(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    return files

def make_msi(exe):
    return exe.to_wix_msi_builder("example", "Example", "1.0", "Example Ltd")

register_target("exe", make_exe)
register_target("resources", make_embedded_resources, depends = ["exe"], default_build_script = True)
register_target("install", make_install, depends = ["exe"], default = True)
register_target("msi_installer", make_msi, depends = ["exe"])
resolve_targets()
