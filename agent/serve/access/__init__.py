"""Who may ask: tokens, logins and what each of them allows."""
