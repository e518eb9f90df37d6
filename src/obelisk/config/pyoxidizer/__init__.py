"""PyOxidizer's API: what a `pyoxidizer.bzl` of version 0.24 can name, and what becomes of it here.

* `table` has what a row of the tables is, and `api` brings all tables together.
* `policy`, `interpreter`, `resources`, `distribution`, `executable`, `manifest`, `installers` and
  `functions` have the tables of some types, and small functions for them; `legacy` has what is of
  PyOxidizer 0.10 and before.
* `session` is an evaluation: it knows the command line, gathers targets and what is said of
  statements, and has the one function that installs. `adding` is the state of an executable, `scan`
  finds resources in what was installed.
* `evaluate` runs a file; `requests`, `contents` and `running` make requests of the targets that
  were resolved, and `convert` a pyproject.toml.
"""
