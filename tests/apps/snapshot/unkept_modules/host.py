import socket

NAME = socket.gethostname()
