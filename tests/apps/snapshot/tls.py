"""Says which protocol is the newest by the configuration of OpenSSL."""

import ssl

print(ssl.create_default_context().maximum_version.name)
