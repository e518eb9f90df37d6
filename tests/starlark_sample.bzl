"""A configuration like those that people have; what it calls is in the tests."""

VERSION = VARS.get("VERSION", "0.1")
KEEP = ["certifi", "docs.templates"]
SEEN = {"modules": 0}
OPTIONS = {"values": [3, 1, 2]}

if "windows" in VARS.get("TRIPLE", "x86_64-unknown-linux-musl"):
    print("windows", VERSION)

def is_kept(name):
    return name in KEEP or any([name.startswith(p + ".") for p in KEEP])

def decide(resource):
    SEEN["modules"] += 1
    if type(resource) in ("Thing", "File"):
        key = getattr(resource, "package", resource.name)
        if is_kept(key):
            resource.name = "kept"
        elif hasattr(resource, "items") and key.endswith("x"):
            resource.items.append("%s-%d" % (key, len(KEEP)))
    return resource

def make(name = "app", *values, **options):
    flavor = "static" if VERSION == "0.1" else "dynamic"
    config = Thing()
    config.name = "from app.cli import main; main(%r)" % VERSION
    config.items = ["$ORIGIN/lib"]
    args = ["--no-deps"]
    args += ["{}=={}".format(name, VERSION)]
    for resource in each(decide, [config, thing]):
        if resource.name == "skipme":
            continue
        for part in resource:
            args.append(part + flavor)
        if len(args) > 100:
            break
    names = {k: v for k, v in zip("abc".elems(), sorted(values, reverse = True)) if v}
    return [name, args[1:], names, options, config]

first = make("app", 1, 2, key = None)
second = make(**{"name": "other"})
for pair in SEEN.items():
    KEEP.extend([str(pair[0]).upper().replace("M", "-"), repr(pair)])
register = lambda callback: callback()
register(make)
PYOXIDIZER_VERSION = "0.24.0"
