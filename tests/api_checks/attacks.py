"""Check 9: thirteen probes that scanners of GraphQL servers make, in our own words. Usage: attacks ORIGIN KEY."""

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

import httpx

ON_PURPOSE: Final = frozenset({"introspection", "field suggestions"})
"""What may be found: whoever has a key may read the whole schema, so a suggestion tells nothing more."""
ENDPOINT: Final = "/graphql"
MANY: Final = 101
DEEP: Final = 6
NO_FIELD: Final = "{ integratons { id } }"
QUEUE_NOTHING: Final = 'mutation { cancelJob(id: "00000000-0000-7000-8000-000000000000") { id } }'


def aliases(http: httpx.Client) -> bool:
    """One document that asks for one field under a hundred names is answered."""
    names = " ".join(f"a{number}: __typename" for number in range(MANY))
    return "data" in _answer(_post(http, f"{{ {names} }}"))


def duplicates(http: httpx.Client) -> bool:
    """So is one that repeats a field five hundred times."""
    return "data" in _answer(_post(http, "{ " + "__typename " * 500 + "}"))


def batches(http: httpx.Client) -> bool:
    """Several operations in one body are answered, each."""
    return isinstance(_json(http.post(ENDPOINT, json=[{"query": "{ __typename }"}] * 10)), list)


def directives(http: httpx.Client) -> bool:
    """Directives that do not exist are complained of one by one, so the answer is larger than the question."""
    answer = _answer(_post(http, "{ __typename " + "@nothing" * 50 + " }"))
    return len(answer.get("errors", ())) >= 10


def circular_introspection(http: httpx.Client) -> bool:
    """Introspection may run in circles: the fields of the types of the fields of ..."""
    return "data" in _answer(
        _post(http, "{ __schema { types " + "{ fields { type " * DEEP + "{ name }" + " } }" * DEEP + " } }")
    )


def tracing(http: httpx.Client) -> bool:
    """The answer tells how long each resolver took."""
    return "tracing" in _answer(_post(http, "{ __typename }")).get("extensions", {})


def suggestions(http: httpx.Client) -> bool:
    """A misspelled field is answered with the names of those that there are."""
    return "Did you mean" in _post(http, NO_FIELD).text


def get_queries(http: httpx.Client) -> bool:
    """A query is answered to a GET that any page can make a browser send."""
    return "data" in _answer(http.get(ENDPOINT, params={"query": "{ __typename }"}))


def get_mutations(http: httpx.Client) -> bool:
    """So is a mutation."""
    return http.get(ENDPOINT, params={"query": QUEUE_NOTHING}).status_code < 400


def forms(http: httpx.Client) -> bool:
    """A form that any page can make a browser send is answered."""
    return "data" in _answer(http.post(ENDPOINT, data={"query": "{ __typename }"}))


def introspection(http: httpx.Client) -> bool:
    """The schema can be read."""
    return "data" in _answer(_post(http, "{ __schema { queryType { name } } }"))


def page(http: httpx.Client) -> bool:
    """The endpoint itself answers with a page that runs what is typed into it."""
    return "html" in http.get(ENDPOINT, headers={"Accept": "text/html"}).headers.get("content-type", "")


def bare_errors(http: httpx.Client) -> bool:
    """What cannot be parsed is answered with what the server is made of."""
    text = _post(http, "query @x { __typename @y(z: $z) ... on Nothing").text
    return any(word in text for word in ("Traceback", "exception", "stacktrace", ".py"))


PROBES: Final[Mapping[str, Callable[[httpx.Client], bool]]] = {
    "alias overloading": aliases,
    "field duplication": duplicates,
    "array batching": batches,
    "directive overloading": directives,
    "circular introspection": circular_introspection,
    "trace mode": tracing,
    "field suggestions": suggestions,
    "queries by GET": get_queries,
    "mutations by GET": get_mutations,
    "url-encoded POST": forms,
    "introspection": introspection,
    "IDE at the endpoint": page,
    "unhandled errors": bare_errors,
}


def _post(http: httpx.Client, query: str) -> httpx.Response:
    return http.post(ENDPOINT, json={"query": query})


def _json(response: httpx.Response) -> Any:
    return json.loads(response.content)


def _answer(response: httpx.Response) -> dict[str, Any]:
    answer = _json(response)
    assert isinstance(answer, dict), "an object is expected"
    return answer


def main(origin: str, key: str) -> int:
    """Make every probe; 1 when one finds what is not there on purpose, or when the server was not reached."""
    with httpx.Client(base_url=origin, headers={"X-API-Key": key}, timeout=30) as http:
        found = {name for name, probe in PROBES.items() if probe(http)}
    print(f"{len(PROBES)} probes, found: {', '.join(sorted(found)) or 'nothing'}")
    return 0 if {"introspection"} <= found <= ON_PURPOSE else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
