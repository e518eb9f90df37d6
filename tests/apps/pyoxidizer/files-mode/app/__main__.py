import importlib.resources

print("files-mode", importlib.resources.files("app").joinpath("note.txt").read_text().strip())
