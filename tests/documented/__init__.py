"""The Python of the pages, block by block: `make types` checks it, a test compares it."""
