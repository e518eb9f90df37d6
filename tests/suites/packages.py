# /// script
# dependencies = [
#   "certifi==2026.10.18",
#   "click==8.5.1",
#   "importlib-metadata==10.2.0",
#   "importlib-resources==7.1.0",
#   "jinja2==3.1.6",
#   "python-discovery==1.9.6",
#   "requests[socks]==2.34.2",
#   "watchdog==7.1.0",
#   "pytest==9.2.0",
#   # What their suites need besides.
#   "flaky==3.8.1", "jaraco.test==5.7.0", "packaging==26.4", "pyfakefs==6.3.2",
#   "pytest-cov==7.1.0", "pytest-httpbin==2.1.0", "pytest-mock==3.17.0", "pytest-timeout==2.4.0",
#   "pyyaml==6.0.4", "setuptools==84.2.1", "trio==0.35.0", "trustme==1.2.1", "vermin==1.8.0",
# ]
# [tool.obelisk]
# module = "pytest"
# include = ["test"]
# interpreter = true
# ///
"""pytest and the packages whose suites run.py runs inside an executable."""
