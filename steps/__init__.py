"""What a sequence does: plans, steps, and the shelf of step kinds."""
