# The standard library in memory, and all else on the file system.

def resource_callback(policy, resource):
    if type(resource) in ("PythonModuleSource", "PythonExtensionModule", "PythonPackageResource"):
        if resource.is_stdlib:
            resource.add_location = "in-memory"
        else:
            resource.add_location = "filesystem-relative:lib"
            resource.add_location_fallback = None

def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.register_resource_callback(resource_callback)
    policy.resources_location = "in-memory"
    config = dist.make_python_interpreter_config()
    config.run_module = "app"
    config.module_search_paths = ["$ORIGIN/lib"]
    exe = dist.to_python_executable(name = "locations", packaging_policy = policy, config = config)
    for resource in exe.pip_install(["certifi==2025.1.31"]):
        resource.add_location = "filesystem-relative:lib"
        exe.add_python_resource(resource)
    exe.add_python_resources(exe.read_package_root(path = CWD, packages = ["app"]))
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
