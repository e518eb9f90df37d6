# A tool with numpy, in a file of its own.

def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.extension_module_filter = "all"
    policy.allow_files = True
    policy.file_scanner_emit_files = True
    policy.include_file_resources = True
    policy.resources_location = "filesystem-relative:lib"
    config = dist.make_python_interpreter_config()
    config.filesystem_importer = True
    config.run_command = "import sys; import numeric; sys.exit(numeric.main())"
    exe = dist.to_python_executable(name = "numeric", packaging_policy = policy, config = config)
    exe.add_python_resources(exe.pip_install(["numpy"]))
    exe.add_python_resources(exe.read_package_root(path = ".", packages = ["numeric"]))
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
