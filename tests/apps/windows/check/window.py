"""A program without a console, which shows a message box."""

# /// script
# [tool.obelisk.windows]
# subsystem = "windows"
# icon = "window.ico"
# version-info = {file-version = "1.2.3", product-name = "Obelisk's check"}
# ///

import ctypes
import sys

print("this goes nowhere", file=sys.stderr)
ctypes.windll.user32.MessageBoxW(None, f"Python {sys.version_info.major} says hello: ä€😀", "window", 0)
