"""What a soak leaves behind, gathered."""
