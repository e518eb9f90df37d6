# A command-line tool with requirements.

def make_exe():
    dist = default_python_distribution(python_version = "3.9")
    policy = dist.make_python_packaging_policy()
    policy.resources_location_fallback = "filesystem-relative:lib"
    config = dist.make_python_interpreter_config()
    config.run_command = "from notes.cli import main; main()"
    exe = dist.to_python_executable(name = "notes", packaging_policy = policy, config = config)
    exe.add_python_resources(exe.pip_install(["--prefer-binary", "-r", "requirements.txt"]))
    exe.add_python_resources(exe.read_package_root(path = CWD, packages = ["notes"]))
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
