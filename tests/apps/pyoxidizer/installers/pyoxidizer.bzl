# Installers and signatures of what was built before; no Python at all.

VERSION = VARS.get("VERSION", "1.0")

def make_app():
    bundle = MacOsApplicationBundleBuilder("Example")
    bundle.set_info_plist_required_keys(
        display_name = "Example", identifier = "com.example", version = VERSION,
        signature = "exam", executable = "example")
    universal = AppleUniversalBinary("example")
    universal.add_path("build/x86_64/example")
    universal.add_path("build/aarch64/example")
    bundle.add_macos_file(universal.to_file_content())
    return bundle

def make_msi():
    msi = WiXMSIBuilder("example", "Example", VERSION, "Example Ltd")
    msi.msi_filename = "example.msi"
    msi.add_program_files_manifest(FileManifest())
    return msi

def make_signer():
    if VARS.get("SIGN"):
        signer = code_signer_from_pfx_file("key.pfx", prompt_password("password?", default = ""))
        signer.activate()

make_signer()
register_target("msi", make_msi)
register_target("app", make_app, default = True)
resolve_targets()
