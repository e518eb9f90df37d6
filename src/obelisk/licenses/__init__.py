"""Licenses of all that is in an executable: the policy on them, and the document of their texts."""
