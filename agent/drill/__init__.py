"""The crash drill: real processes killed everywhere, on a sandbox exchange that fails as exchanges do."""
