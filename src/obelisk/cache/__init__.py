"""The content-addressed cache: folders named by the hash of all that can change their bytes."""

from obelisk.cache.cache import Cache
from obelisk.cache.entries import Entry
from obelisk.cache.keys import content_key, hash_tree
from obelisk.cache.root import ENVIRONMENT

__all__ = ["ENVIRONMENT", "Cache", "Entry", "content_key", "hash_tree"]
