# /// script
# dependencies = [
#   "certifi==2026.10.18",
#   "click==8.5.1",
#   "importlib-metadata==10.2.0",
#   "importlib-resources==7.1.0",
#   "jinja2==3.1.6",
#   "requests[socks]==2.34.2",
#   "pytest==9.2.0",
#   # What their suites need besides.
#   "jaraco.test", "pyfakefs", "packaging", "pytest-httpbin", "pytest-mock", "setuptools", "trio",
#   "trustme",
# ]
# [tool.obelisk]
# module = "pytest"
# include = ["test"]
# interpreter = true
# ///
"""pytest and the packages whose suites run.py runs inside an executable."""
