"""The agents of a home as the server sees them: who runs, what each journal holds, and how to be heard."""
