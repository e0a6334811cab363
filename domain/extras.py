"""Parts of Boyd whose libraries are not installed, and how to get them: it is published on no index."""


def lacking(what: str, extra: str) -> str:
    """Say what needs which extra, and how it is installed."""
    return f"{what} needs the extra {extra}: make setup, or in the project's folder pip install '.[{extra}]'"
