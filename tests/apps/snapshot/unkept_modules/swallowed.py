# Whatever it catches, it is left out with what it imports.
try:
    import unkept_modules.thread
except BaseException:
    pass
