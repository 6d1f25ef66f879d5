"""What happened, and what a person must do."""
