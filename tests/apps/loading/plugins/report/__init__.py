WHO = "report/__init__.py"
