"""The go/no-go gate: rules with measured values and limits, the matrix that joins them, and decay."""
