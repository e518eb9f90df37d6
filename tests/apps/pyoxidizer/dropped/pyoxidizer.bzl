# Extension modules are dropped by name, and a module is made.

DROPPED = ["markupsafe._speedups"]
TRIPLE = BUILD_TARGET_TRIPLE

def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = "app.main"
    exe = dist.to_python_executable(name = "dropped", config = config)
    args = ["--no-deps"]
    if "windows" in TRIPLE:
        args += ["--platform", "win_amd64"]
    elif "linux" in TRIPLE:
        args += ["--platform", "manylinux2014_x86_64", "--prefer-binary"]
    args += ["markupsafe==3.0.2"]
    for resource in exe.pip_download(args):
        if type(resource) == "PythonExtensionModule" and resource.name in DROPPED:
            continue
        exe.add_python_resource(resource)
    exe.add_python_resources(exe.read_package_root(path = ".", packages = ["app"]))
    source = "TRIPLE = %r\n" % TRIPLE
    exe.add_python_resource(exe.make_python_module_source("app.target", source, False))
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
