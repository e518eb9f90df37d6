# Two executables, each with targets of its own.

def make_exe(name):
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = name
    exe = dist.to_python_executable(name = name, config = config)
    exe.add_python_resources(exe.read_package_root(path = ".", packages = [name, "shared"]))
    return exe

def make_exe_one():
    return make_exe("one")

def make_resources_one(exe):
    return exe.to_embedded_resources()

def make_install_one(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    return files

def make_exe_two():
    return make_exe("two")

def make_resources_two(exe):
    return exe.to_embedded_resources()

def make_install_two(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    return files

for name, exe, resources, install in [
    ("one", make_exe_one, make_resources_one, make_install_one),
    ("two", make_exe_two, make_resources_two, make_install_two),
]:
    register_target("exe-" + name, exe)
    register_target("resources-" + name, resources, depends = ["exe-" + name], default_build_script = True)
    register_target("install-" + name, install, depends = ["exe-" + name], default = True)

resolve_targets()
