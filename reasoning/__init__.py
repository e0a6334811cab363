"""Floor 1, orient and decide: observations and beliefs become one explained decision. Pure."""
