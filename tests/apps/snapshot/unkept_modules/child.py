import subprocess

PROCESS = subprocess.Popen(["/bin/sleep", "1"])
