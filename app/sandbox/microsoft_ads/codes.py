"""The vendor's numbers and names of what can be wrong.

From "Operation Error Codes" (learn.microsoft.com/en-us/advertising/guides/operation-error-codes, read
2026-11-23): the lines that an upload of conversions can run into. The texts are our own words.
"""

from collections.abc import Mapping

CODES: Mapping[int, tuple[str, str]] = {
    0: ("InternalError", "An internal error has occurred."),
    100: ("NullRequest", "The request is null."),
    105: ("InvalidCredentials", "The access token or the developer token is not valid."),
    106: ("UserIsNotAuthorized", "The user has no access to this account."),
    108: ("UserCompromised", "The account shows suspicious activity; a new password is needed."),
    109: ("AuthenticationTokenExpired", "The access token has expired."),
    113: ("InvalidDateObject", "The date is not valid."),
    116: ("RequestMissingHeaders", "A required header is missing."),
    117: ("CallRateExceeded", "More calls than are allowed in a minute; wait 60 seconds."),
    120: ("UserLoginAccessDenied", "These are not the user's primary credentials."),
    122: ("PersonalIdentityNotAvailable", "A work account is needed."),
    123: ("WorkIdentityNotAvailable", "A personal account is needed."),
    124: ("PersonalIdentityMigratedToWork", "The personal account has become a work account."),
    125: ("PersonalIdentityNotAllowedByCustomer", "The organisation demands a work account."),
    201: ("ApiInputValidationError", "An element of the input is not valid."),
    202: ("ApiExecutionError", "The operation cannot be completed."),
    203: ("NullParameter", "A parameter is null."),
    204: ("OperationNotSupported", "The operation is not supported."),
    205: ("InvalidVersion", "The version is not valid."),
    206: ("NullArrayArgument", "An array is null."),
    208: ("InvalidAccount", "The account is not valid."),
    303: ("ApiVersionNoLongerSupported", "This version of the API is no longer supported."),
    5600: ("OfflineConversionsNullOrEmpty", "The list of offline conversions is null or empty."),
    5601: ("OfflineConversionsLimitExceeded", "The list of offline conversions is too long."),
    5602: ("OfflineConversionIsNull", "The offline conversion is null."),
    5603: ("OfflineConversionMicrosoftClickIdNullOrEmpty", "The Microsoft click id is missing."),
    5604: ("OfflineConversionMicrosoftClickIdInvalid", "The Microsoft click id is not valid."),
    5605: ("OfflineConversionNameNullOrEmpty", "The conversion name is missing."),
    5606: ("OfflineConversionNameInvalid", "No offline conversion goal has this name."),
    5607: ("OfflineConversionTimeInvalid", "The conversion time is not valid."),
    5608: ("OfflineConversionTimeNullOrEmpty", "The conversion time is missing."),
    5609: ("OfflineConversionTimeOutOfWindow", "The conversion time is out of the window."),
    5610: ("OfflineConversionValueInvalid", "The conversion value is not valid."),
    5611: ("OfflineConversionCurrencyCodeInvalid", "The currency code is not valid."),
    5612: ("OfflineConversionsApplyFailed", "The conversions could not be passed on inside."),
    5613: ("OfflineConversionPilotNotEnabledForCustomer", "The customer may not use this feature."),
    5614: ("FutureConversionTimeCannotBeSet", "The conversion time lies in the future."),
    5615: ("OfflineConversionNotAcceptedForGoal", "The goal is younger than 2 hours."),
    5616: ("ConversionTimeEarlierThanClickTime", "The conversion time is earlier than the click."),
    5617: ("ClickIdDateTimeOutsideGoalConversionWindow", "The click is outside the goal's window."),
    5618: ("OfflineConversionInvalidAdjustmentType", "The adjustment type is not valid."),
    5619: ("OfflineConversionAdjustmentTimeNullOrEmpty", "The adjustment time is missing."),
    5620: (
        "OfflineConversionAdjustmentTimeEarlierThanConversionTime",
        "The adjustment time is earlier than the conversion time.",
    ),
    5621: ("OfflineConversionAdjustmentTimeInvalid", "The adjustment time is not valid."),
    5622: ("OfflineConversionFutureAdjustmentTimeCannotBeSet", "The adjustment time lies in the future."),
    5623: ("OfflineConversionAdjustmentTimeOutOfWindow", "The adjustment time is out of the window."),
    5624: ("OfflineConversionAdjustmentValueNotExpected", "A retraction has no value."),
    5625: ("OfflineConversionAdjustmentValueRequired", "A restatement needs a value."),
    5626: ("OfflineConversionCurrencyValueRequired", "A restatement needs a currency."),
    5627: ("OfflineConversionRestateRetractNotSupported", "The goal takes no adjustments."),
}

HTTP_STATUS: Mapping[int, int] = {
    **dict.fromkeys((0, 202), 500),
    **dict.fromkeys((105, 108, 109, 120, 122, 123, 124, 125), 401),
    106: 403,
    117: 429,
}
"""400 for all others. The vendor says not which comes with which; that it is 429 for 117 is a guess."""

OF_THE_REQUEST = (
    *(0, 100, 105, 106, 108, 109, 116, 117, 120, 122, 123, 124, 125),
    *(202, 203, 204, 205, 206, 208, 303, 5600, 5601, 5613),
)
"""Those for which the request as a whole is refused."""


def described(code: int) -> tuple[str, str]:
    """Name and text of a code; of one that is not in the list too."""
    return CODES.get(code, ("SomethingNew", "Something that is not in the list."))
