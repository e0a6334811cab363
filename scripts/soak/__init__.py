"""The soak: a real agent under provider faults for as long as you like, judged."""
