import multiprocessing

KEY = multiprocessing.current_process().authkey
