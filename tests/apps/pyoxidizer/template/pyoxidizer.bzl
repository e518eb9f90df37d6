# The template of `pyoxidizer init-config-file`, as most have it.

def make_exe():
    dist = default_python_distribution(python_version = "3.10")
    policy = dist.make_python_packaging_policy()
    policy.extension_module_filter = "all"
    policy.include_test = False
    policy.resources_location = "in-memory"
    policy.resources_location_fallback = "filesystem-relative:prefix"
    policy.allow_in_memory_shared_library_loading = True

    python_config = dist.make_python_interpreter_config()
    python_config.run_module = "app"

    exe = dist.to_python_executable(
        name = "template",
        packaging_policy = policy,
        config = python_config,
    )
    exe.windows_runtime_dlls_mode = "always"
    exe.windows_subsystem = "console"
    exe.add_python_resources(exe.pip_install(["-r", "requirements.txt"]))
    exe.add_python_resources(exe.read_package_root(path = ".", packages = ["app"]))
    return exe

def make_embedded_resources(exe):
    return exe.to_embedded_resources()

def make_install(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    return files

def make_msi(exe):
    return exe.to_wix_msi_builder("example", "Example", "1.0", "Example Ltd")

def register_code_signers():
    if not VARS.get("ENABLE_CODE_SIGNING"):
        return

register_code_signers()

register_target("exe", make_exe)
register_target("resources", make_embedded_resources, depends = ["exe"], default_build_script = True)
register_target("install", make_install, depends = ["exe"], default = True)
register_target("msi_installer", make_msi, depends = ["exe"])
resolve_targets()

# END OF COMMON USER-ADJUSTED SETTINGS.
PYOXIDIZER_VERSION = "0.24.0"
PYOXIDIZER_COMMIT = "UNKNOWN"
