# The version is in a module that is replaced, and in the command.

VERSION = VARS.get("VERSION", "0.0.0")
STAMP = 'VERSION = "{}"\n'.format(VERSION)

def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_command = "; ".join(["from stamped.cli import run", 'run("' + VERSION + '")'])
    exe = dist.to_python_executable(name = "stamped", config = config)
    for resource in exe.read_package_root(path = ".", packages = ["stamped"]):
        if type(resource) == "PythonModuleSource" and resource.name == "stamped.version":
            resource = exe.make_python_module_source(resource.name, STAMP, resource.is_package)
        exe.add_python_resource(resource)
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
