WHO = "report.py"
