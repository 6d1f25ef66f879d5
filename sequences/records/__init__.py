"""What sequences know of one contact, for the pages of contacts: timeline, reminders, adding to a sequence."""
