"""Making the payload: what is stored, how, and in which order."""
