# /// script
# dependencies = ["markupsafe", "charset-normalizer"]
# ///
"""Optional accelerators are linked in by default."""

# expect: &lt;a&gt; True
# expect: True True

import charset_normalizer.md
import markupsafe
import markupsafe._speedups

print(markupsafe.escape("<a>"), markupsafe._speedups.__file__.endswith(".so"))
text = "Größe und Länge, schöne Häuser für jeden".encode("cp1252")
found = charset_normalizer.from_bytes(text).best()
print(found is not None, charset_normalizer.md.__file__.endswith(".so"))
