WHO = "tool.py"
