"""The evidence a soak leaves behind, gathered."""
