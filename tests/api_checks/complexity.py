"""Check 10: documents that are cheap to send and dear to look at are refused at once. Usage: complexity ORIGIN KEY."""

import sys
import time
from collections.abc import Mapping
from typing import Any, Final

import httpx

BOUND_S: Final = 5.0
"""Generous, for slow machines: what is wrong takes minutes, or for ever, since each level doubles it."""


def doubling(levels: int) -> str:
    """A few hundred bytes for 2 ** `levels` fields: each fragment spreads the next one twice."""
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {fragments} fragment F{levels} on Query {{ __typename }}"


REFUSED: Final[Mapping[str, str]] = {
    "20 levels": doubling(20),
    "40 levels": doubling(40),
    "60 levels": doubling(60),
}
REPEATED: Final = "{ " + "integrations { id } " * 110 + "}"
"""Each repeated field is compared with each other one, to see whether their answers can be merged."""


def _timed(http: httpx.Client, query: str) -> tuple[dict[str, Any], float]:
    """The answer, and the seconds it took."""
    begin = time.perf_counter()
    answer: dict[str, Any] = http.post("/graphql", json={"query": query}).json()
    return answer, time.perf_counter() - begin


def main(origin: str, key: str) -> int:
    """Send each; 1 when one is not refused, or takes long. Repeated fields may be answered, but soon."""
    figures, wrong = [], False
    with httpx.Client(base_url=origin, headers={"X-API-Key": key}, timeout=60) as http:
        for name, query in REFUSED.items():
            answer, took_s = _timed(http, query)
            codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
            wrong |= codes != {"QUERY_TOO_COMPLEX"} or took_s > BOUND_S
            figures.append(f"{name} {took_s * 1000:.0f} ms")
        answer, took_s = _timed(http, REPEATED)
        wrong |= took_s > BOUND_S
        figures.append(f"110 repeated fields {took_s * 1000:.0f} ms")
    print(f"refused: {', '.join(figures)}")
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
