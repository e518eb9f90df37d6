"""It cannot be imported."""

import trained_modules.nowhere  # noqa: F401
