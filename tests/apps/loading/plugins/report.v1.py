WHO = "report.v1.py"
