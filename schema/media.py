"""In which media type an answer goes out."""

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"


def negotiate(accept: str | None) -> str:
    """The type of ours that `accept` likes best; application/json when it names none or is absent."""
    best, best_quality = JSON, 0.0
    for item in (accept or "").split(","):
        name, *parameters = (part.strip().lower() for part in item.split(";"))
        quality = _quality(parameters)
        if name in {JSON, RESPONSE_JSON} and quality > best_quality:
            best, best_quality = name, quality
    return best


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter.removeprefix("q="))
            except ValueError:
                return 0.0
    return 1.0
