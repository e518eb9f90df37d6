"""Starlark, the language of `pyoxidizer.bzl`: a small Python that cannot reach anything by itself.

A configuration is evaluated by our own code over the tree that Python's parser makes of it; nothing
is compiled or executed by Python. What it can do is what a host gives it, by name:

* `interpreter.Interpreter` evaluates files and calls their functions, within `limits.Limits`;
* `host.HostFunction` makes a function of a configuration out of one of ours: the types of its
  parameters say what it accepts;
* `host.HostObject` is a value with attributes and methods that are declared in a `host.HostType`;
* `stack.Caller` is what these receive: where in the configuration they are used, and a way to call
  functions that they were given.

All else are Python's own values: None, bool, int, str, list, tuple, dict and range. Every error is
a `ConfigError`. One that a host raises gets the place in the configuration, the line itself and the
chain of calls; other kinds of `ObeliskError` keep their kind, and get the place as well.

Of the language there are no floating-point numbers, sets and bytes, as in PyOxidizer. As there,
`if` and `for` may stand outside of functions, and global names may be assigned again. Values of
files that were loaded are not frozen.
"""
