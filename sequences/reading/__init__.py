"""What the pages of sequences show, read as sets: no query in a template, none in a loop."""
