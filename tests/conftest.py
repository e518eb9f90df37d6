"""What all tests share."""

import os

import pytest


@pytest.fixture(scope="session")
def python_version():
    """The Python version that integration tests build with; another one is chosen by variable."""
    return os.environ.get("OBELISK_TEST_PYTHON", "3.14")
