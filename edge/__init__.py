"""How is the world touched without harm? Files, texts and waits that several rooms need and none owns."""
