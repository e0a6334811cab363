"""A scripted model server: what a model API answers, and how it fails, without a key and without a model."""
