"""The pages of sequences. A view finds, asks a command or a reader, and renders; it alone reads the clock."""
