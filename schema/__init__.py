"""GraphQL types, inputs, unions, scalars and the request context."""
