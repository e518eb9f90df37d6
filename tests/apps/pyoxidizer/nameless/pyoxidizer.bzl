# No policy, nothing that is run, and a name that no file can have.

def make_exe():
    dist = default_python_distribution()
    exe = dist.to_python_executable(name = VARS.get("name", "."))
    exe.add_python_resources(exe.pip_install(["six==1.17.0"]))
    return exe

register_target("exe", make_exe)
resolve_targets()
