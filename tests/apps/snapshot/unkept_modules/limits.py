import resource

resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
