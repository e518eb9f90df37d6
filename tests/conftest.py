"""What all tests share."""

import os

import pytest
from hypothesis import settings

# The same examples every time; `HYPOTHESIS_PROFILE=explore` looks for new ones, and more of them.
settings.register_profile("default", derandomize=True)
settings.register_profile("explore", max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def python_version():
    """The Python version that integration tests build with; another one is chosen by variable."""
    return os.environ.get("OBELISK_TEST_PYTHON", "3.14")
