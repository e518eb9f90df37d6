import resource

MOST = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
