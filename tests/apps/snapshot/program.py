"""A program whose modules are imported before the snapshot, and which must not be able to tell."""

import told

if __name__ == "__main__":
    told.main()
