try:
    import no_such_module
except ImportError:
    print("no such module")
