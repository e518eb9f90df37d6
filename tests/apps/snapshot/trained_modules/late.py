"""It can be kept."""

VALUE = "late"
