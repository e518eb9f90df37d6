def name(package):
    return f"{package} of two"
