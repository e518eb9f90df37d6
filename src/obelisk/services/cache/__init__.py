"""The content-addressed cache: folders named by the hash of all that can change their bytes."""

from obelisk.services.cache.cache import Cache
from obelisk.services.cache.entries import Entry
from obelisk.services.cache.keys import content_key, hash_code, hash_tree
from obelisk.services.cache.root import ENVIRONMENT

__all__ = ["ENVIRONMENT", "Cache", "Entry", "content_key", "hash_code", "hash_tree"]
