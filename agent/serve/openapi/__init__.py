"""The API described from its table: an OpenAPI document, and a reference page made of it."""
