"""GraphQL operations: unpack the input, call one service method, wrap its outcome."""
