"""A webhook: the user's own endpoint, told as the Standard Webhooks specification has it."""
