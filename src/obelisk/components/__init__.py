"""What is in an executable that somebody else wrote, with its version, license and origin."""
