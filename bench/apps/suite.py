# /// script
# dependencies = [
#   "pyperf==2.11.0",
#   "pyperformance==1.14.0",
#   # What the benchmarks need, one version of each; where pyperformance names one that has no wheel
#   # for Python 3.14 or that contradicts another benchmark's, a later one.
#   "certifi==2026.10.18", "alabaster==0.7.16", "annotated-doc==0.0.7", "annotated-types==0.8.0",
#   "anyio==4.16.0", "asgiref==3.13.0", "babel==2.18.0", "chameleon==4.6.0",
#   "charset-normalizer==3.5.3", "click==8.5.1", "cloudpickle==3.1.3", "coverage==7.17.4",
#   "dask==2026.8.0", "distributed==2026.8.0", "django==5.2.8", "docutils==0.21.2",
#   "dulwich==1.2.21", "fastapi==0.121.0", "fsspec==2026.9.0", "genshi==0.7.10",
#   "greenlet==3.5.6", "h11==0.16.0", "html5lib==1.1", "httpcore==1.0.9", "httpx==0.28.1",
#   "idna==3.20", "imagesize==2.0.1", "immutabledict==4.2.2", "jinja2==3.1.6",
#   "legacy-cgi==2.6.4", "locket==1.0.0", "mako==1.4.3", "markupsafe==3.0.4", "mpmath==1.3.0",
#   "msgpack==1.2.4", "networkx==3.4.2", "ordered-set==4.1.0", "packaging==26.4", "partd==1.4.2",
#   "psutil==7.2.2", "pyaes==1.6.1", "pydantic-core==2.50.5", "pydantic==2.14.4",
#   "pygments==2.21.0", "python-docs-theme==2026.9.1", "pyyaml==6.0.4", "requests==2.34.2",
#   "setuptools==84.2.1", "six==1.17.0", "snowballstemmer==3.1.1", "sortedcontainers==2.4.0",
#   "sphinx==7.3.7", "sphinxcontrib-applehelp==2.0.0", "sphinxcontrib-devhelp==2.0.0",
#   "sphinxcontrib-htmlhelp==2.1.0", "sphinxcontrib-jsmath==2.0.0", "sphinxcontrib-qthelp==2.0.0",
#   "sphinxcontrib-serializinghtml==2.0.0", "sqlalchemy==1.4.54", "sqlglot==4.6.0",
#   "sqlparse==0.6.1", "starlette==0.49.3", "sympy==1.14.0", "tblib==3.2.2", "tomli==2.0.1",
#   "toolz==1.2.0", "tornado==6.6.1", "typing-extensions==4.16.0", "typing-inspection==0.4.5",
#   "urllib3==2.8.0", "uvicorn==0.38.0", "webencodings==0.6.1", "websockets==17.4",
#   "xdsl==0.54.3", "zict==3.0.0",
# ]
# [tool.obelisk]
# interpreter = true
# ///
"""Run one benchmark of pyperformance by pyperf; the same file is the glibc reference's program.

    suite --list                      print name, script and options of each benchmark, as JSON
    BENCH_SCRIPT=PATH suite OPTIONS   be that benchmark's script, with options of pyperf and its own

pyperf's worker processes are this program again. With BENCH_CLOCK=cpu it is processor time, of
the process and of the children it has waited for, that benchmarks take for the time.
"""

import json
import os
import resource
import runpy
import sys
import time


def listing():
    from pyperformance._manifest import load_manifest

    rows = []
    for benchmark in load_manifest(None).benchmarks:
        row = {"name": benchmark.name, "script": str(benchmark.runscript)}
        rows.append({**row, "options": list(benchmark.extra_opts or ())})
    return rows


def processor_time():
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def take_processor_time():
    import pyperf

    time.perf_counter = pyperf.perf_counter = processor_time


def offer_vendored(folder):
    """What a benchmark brings as a package of its own is installed by nobody: let it be found."""
    source = os.path.join(folder, "vendor", "src")
    if os.path.isdir(source):
        sys.path.append(source)
        os.environ["PYTHONPATH"] = source


def main():
    if sys.argv[1:] == ["--list"]:
        print(json.dumps(listing()))
        return
    script = os.environ["BENCH_SCRIPT"]
    if os.environ["BENCH_CLOCK"] == "cpu":
        take_processor_time()
    folder = os.path.dirname(script)
    offer_vendored(folder)
    sys.path.insert(0, folder)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main()
