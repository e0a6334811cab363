"""The edge to the world that several rooms need and none owns: files, texts and waits."""
