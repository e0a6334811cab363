"""The crash drill: real processes, killed everywhere, against a sandbox exchange that fails as exchanges do."""
