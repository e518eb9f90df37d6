# Files beside the executable, by all the ways to name them.

def make_exe():
    dist = default_python_distribution()
    config = dist.make_python_interpreter_config()
    config.run_module = "server"
    exe = dist.to_python_executable(name = "server", config = config)
    exe.add_python_resources(exe.read_package_root(path = CWD, packages = ["server"]))
    return exe

def make_files(exe):
    files = FileManifest()
    static = glob(["./static/**/*"], exclude = ["static/draft.*"], strip_prefix = "{}/".format(CWD))
    files.add_manifest(static)
    for path in static.paths():
        if path.endswith(".css"):
            files.add_file(static.get_file(path), path = "css/" + path.split("/")[-1])
    for source, path in {"COPYING": "share/COPYING.txt", "README.md": "share/README.md"}.items():
        files.add_file(FileContent(path = CWD + "/" + source), path = path)
    files.add_path(CWD + "/start.sh", strip_prefix = CWD)
    files.add_file(FileContent(filename = "server.conf", content = "port = 80\n"), directory = "etc")
    files.remove("share/README.md")
    files.add_python_resource("./", exe)
    return files

LINUX = "linux" in BUILD_TARGET_TRIPLE

register_target("exe", make_exe)
register_target("files", make_files, depends = ["exe"], default = LINUX)
register_target("other", lambda exe: AppleUniversalBinary("server"), depends = ["exe"], default = not LINUX)
resolve_targets()
