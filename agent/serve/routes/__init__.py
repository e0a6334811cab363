"""The routes of the API, a module an area; each has its own `ROUTES`."""
