# /// script
# dependencies = ["regex"]
# ///
"""Classes of Unicode, named groups, fuzzy matching."""

# expect: X
# expect: ['dog', 'cat']
# expect: stone
# expect: error unterminated character set

import regex

print(regex.sub(r"\p{Lu}(?<n>\d+)c", "X", "B12c"))
print(regex.findall(r"\b\p{L}{3}\b", "a dog, one2 cat"))
print(regex.search(r"(?:stone){e<=1}", "a stome").group().replace("m", "n"))
try:
    regex.compile("[a")
except regex.error as error:
    print("error", str(error).partition(" at ")[0])
