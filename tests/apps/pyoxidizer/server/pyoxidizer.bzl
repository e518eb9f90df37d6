# A server of Flask, whose templates are files of its package.

def resource_callback(policy, resource):
    if type(resource) == "PythonModuleSource":
        if resource.name.startswith("werkzeug.debug"):
            resource.add_include = False

def make_exe():
    dist = default_python_distribution(flavor = "standalone_dynamic")
    policy = dist.make_python_packaging_policy()
    policy.set_resource_handling_mode("classify")
    policy.resources_location = "filesystem-relative:lib"
    policy.register_resource_callback(resource_callback)
    config = dist.make_python_interpreter_config()
    config.module_search_paths = ["$ORIGIN/lib"]
    config.run_module = "greeter"
    exe = dist.to_python_executable(name = "greeter", packaging_policy = policy, config = config)
    for resource in exe.pip_install(["."]):
        resource.add_location = "filesystem-relative:lib"
        exe.add_python_resource(resource)
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
