"""Orders on their way: intent first, sent once, compared with the venue, closed in an emergency."""
