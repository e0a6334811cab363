"""The loop's own speed, memory and start-up, in processes of their own."""
