"""The guard before every route: from which host and page, in which form and how much is listened to."""
