"""Linking an executable again, as whoever receives a library under the LGPL may do."""
