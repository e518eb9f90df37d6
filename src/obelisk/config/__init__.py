"""Reading the request: every kind of input ends in the same `Request`."""
