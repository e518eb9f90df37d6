# Bytecode only, of level one; and the last default is an installer for Windows.

def callback(policy, resource):
    if type(resource) == "PythonModuleSource":
        resource.add_include = True

def make_exe():
    dist = default_python_distribution(python_version = "3.9")
    policy = dist.make_python_packaging_policy()
    policy.include_distribution_sources = False
    policy.include_distribution_resources = False
    policy.include_non_distribution_sources = False
    policy.bytecode_optimize_level_zero = False
    policy.bytecode_optimize_level_one = True
    policy.register_resource_callback(callback)
    config = dist.make_python_interpreter_config()
    config.optimization_level = 1
    config.run_command = "import app; app.main()"
    exe = dist.to_python_executable(name = "no-sources", packaging_policy = policy, config = config)
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

register_target("exe", make_exe)
register_target("install", make_install, depends = ["exe"], default = True)
register_target("msi_installer", make_msi, depends = ["exe"], default = True)
resolve_targets()
