# The distribution is a target of its own, and the packages are installed by the last one.

def make_dist():
    return default_python_distribution(flavor = "standalone_dynamic")

def make_exe(dist):
    config = dist.make_python_interpreter_config()
    config.run_command = "from depending import main; main()"
    return dist.to_python_executable(name = "depending", config = config)

def make_install(dist, exe):
    files = FileManifest()
    exe.add_python_resources(exe.pip_install([CWD]))
    files.add_python_resource("lib", exe)
    return files

register_target("dist", make_dist)
register_target("exe", make_exe, depends = ["dist"])
register_target("install", make_install, depends = ["dist", "exe"], default = True)
resolve_targets()

PYOXIDIZER_VERSION = "0.7.0"
PYOXIDIZER_COMMIT = "UNKNOWN"
