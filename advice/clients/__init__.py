"""Ways to ask a model: the dialects of their APIs, which are pure, and the wire, which is httpx2's."""
