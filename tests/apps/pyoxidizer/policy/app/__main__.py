import importlib.util

names = ("jinja2.sandbox", "markupsafe", "app.extra", "pydoc_data")
found = {name: importlib.util.find_spec(name) is not None for name in names}
print("policy", found)
