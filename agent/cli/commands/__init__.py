"""The command line's words and options (typer only); each command hands over to a handler."""
