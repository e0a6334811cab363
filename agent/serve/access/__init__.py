"""Access: tokens, logins and what each of them allows."""
