"""Who is where in which sequence, and what happens next."""
