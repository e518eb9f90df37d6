# The API of 0.7.

def make_exe():
    dist = default_python_distribution()
    python_config = PythonInterpreterConfig(
        run_eval = "from old import run; run()",
        optimize_level = 1,
        raw_allocator = "system",
    )
    exe = dist.to_python_executable(
        name = "old-api",
        config = python_config,
        resources_policy = "in-memory-only",
        extension_module_filter = "all",
        include_sources = True,
        include_resources = False,
        include_test = False,
    )
    exe.add_in_memory_python_resources(dist.pip_install(["six==1.17.0"]))
    exe.add_in_memory_python_resources(dist.read_package_root(path = ".", packages = ["old"]))
    return exe

def make_embedded_resources(exe):
    return exe.to_embedded_resources()

def make_install(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    return files

register_target("exe", make_exe)
register_target("resources", make_embedded_resources, depends = ["exe"], default_build_script = True)
register_target("install", make_install, depends = ["exe"], default = True)
resolve_targets()

PYOXIDIZER_VERSION = "0.7.0"
