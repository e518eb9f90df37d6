import importlib.util

import app.target
import markupsafe

found = importlib.util.find_spec("markupsafe._speedups")
print("dropped", markupsafe.escape("<"), found, app.target.TRIPLE)
