"""How work is planned, and run here or in other processes."""
