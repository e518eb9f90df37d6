"""Reading what a person asked for: every kind of input ends in the same `Request`."""
