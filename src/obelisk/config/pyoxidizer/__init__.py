"""PyOxidizer's API: what a `pyoxidizer.bzl` of version 0.24 can name, and what becomes of it here.

`table.py` has what a row of the tables is; each of `policy`, `interpreter`, `resources`,
`distribution`, `executable`, `manifest`, `installers` and `functions` has the tables of some types
and small functions for them; `legacy` has those of 0.6 to 0.10. `api.py` brings the tables together
for the reference. An evaluation is a `session.Session`: it knows the command line, gathers targets
and what is said of statements, and has the one function that installs. `evaluate.py` runs a file,
`requests.py` makes requests of the targets that were resolved, `convert.py` a pyproject.toml.
"""
