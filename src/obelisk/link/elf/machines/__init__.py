"""What each type of dynamic relocation asks for: one table for each machine."""
