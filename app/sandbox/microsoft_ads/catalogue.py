"""How Microsoft Ads can be told to fail, by the vendor's numbers.

An error of a single conversion strikes the first of the request; the others are taken as usual.
"""

from app.sandbox.cases import Case, Condemn, Refuse, catalogue
from app.sandbox.microsoft_ads.answers import oauth_error, refused
from app.sandbox.microsoft_ads.codes import CODES, HTTP_STATUS, OF_THE_REQUEST
from app.sandbox.transport_cases import RETRY_AFTER_S, TRANSPORT_CASES, rate_limited_with

_API = ("apply", "adjust", "goals")
_ITEMS = ("apply", "adjust")
_ADJUSTMENTS = range(5618, 5628)


def _of_the_request(code: int) -> Case:
    name, text = CODES[code]
    return Case(
        name=str(code),
        says=f"{HTTP_STATUS.get(code, 400)} {name}: {text}",
        behaviour=Refuse(lambda _call: refused(code)),
        endpoints=_ITEMS if code in {5600, 5601, 5613} else _API,
    )


def _of_an_item(code: int) -> Case:
    name, text = CODES[code]
    return Case(
        name=str(code),
        says=f"200 with a partial error of the first item, {name}: {text}",
        behaviour=Condemn(str(code)),
        endpoints=("adjust",) if code in _ADJUSTMENTS else _ITEMS,
    )


def _no_token(name: str, http_status: int, number: int, text: str) -> Case:
    return Case(
        name=name.upper(),
        says=f"The token endpoint answers {http_status} {name}",
        behaviour=Refuse(lambda _call: oauth_error(http_status, name, number, text)),
        endpoints=("token",),
    )


_TOKEN = (
    _no_token("invalid_grant", 400, 700082, "The refresh token has expired."),
    _no_token("invalid_client", 401, 7000215, "The client secret is not valid."),
    _no_token("interaction_required", 400, 50076, "The user must prove who they are once more."),
    _no_token("temporarily_unavailable", 503, 90033, "The service is busy for the moment."),
)

CASES = catalogue(
    tuple(_of_the_request(code) for code in OF_THE_REQUEST),
    tuple(_of_an_item(code) for code in CODES if code not in OF_THE_REQUEST),
    (
        Case(
            name="RATE_LIMITED",
            says=f"429 CallRateExceeded, and Retry-After is {RETRY_AFTER_S}",
            behaviour=Refuse(lambda _call: rate_limited_with(refused(117))),
            endpoints=_API,
        ),
        Case(
            name="NEW_CODE",
            says="200 with a partial error whose number nobody knows",
            behaviour=Condemn("9999"),
            endpoints=_ITEMS,
        ),
    ),
    _TOKEN,
    TRANSPORT_CASES,
)
