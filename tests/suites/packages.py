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
#   "jaraco.test==5.7.0", "pyfakefs==6.3.2", "packaging==26.4", "pytest-httpbin==2.1.0",
#   "pytest-mock==3.17.0", "setuptools==84.2.1", "trio==0.35.0", "trustme==1.2.1",
# ]
# [tool.obelisk]
# module = "pytest"
# include = ["test"]
# interpreter = true
# ///
"""pytest and the packages whose suites run.py runs inside an executable."""
