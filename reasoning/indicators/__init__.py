"""The indicator library: one kernel each, by family, and the table of what there is."""
