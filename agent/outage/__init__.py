"""A journal that cannot be written or opened: exits go on, and are journaled afterwards."""
