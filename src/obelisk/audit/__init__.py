"""Which components have known vulnerabilities, by advisories in the OSV format, and what to do."""
