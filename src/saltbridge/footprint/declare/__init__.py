"""Last pass: the unit a footprint is given in, and whether it may be called a declaration."""
