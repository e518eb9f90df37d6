# "files" mode, and a result that is installed in a directory.

def make_exe():
    dist = default_python_distribution()
    policy = dist.make_python_packaging_policy()
    policy.set_resource_handling_mode("files")
    policy.allow_files = True
    policy.include_file_resources = True
    policy.resources_location = "filesystem-relative:site-packages"
    config = dist.make_python_interpreter_config()
    config.oxidized_importer = False
    config.filesystem_importer = True
    config.module_search_paths = ["$ORIGIN/site-packages"]
    config.run_module = "app"
    exe = dist.to_python_executable(name = "files-mode", packaging_policy = policy, config = config)
    exe.add_python_resources(exe.read_package_root(path = ".", packages = ["app"]))
    return exe

def make_install(exe):
    files = FileManifest()
    files.add_python_resource(".", exe)
    files.install("dist", replace = True)
    return files

register_target("exe", make_exe)
register_target("install", make_install, depends = ["exe"], default = True)
resolve_targets()
