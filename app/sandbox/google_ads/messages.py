"""The messages of `events:ingest`, field by field, as the vendor's reference lists them (read 2026-11-23)."""

from app.sandbox.google_ads.wire import (
    BOOL,
    DOUBLE,
    INT32,
    INT64,
    STRING,
    TIMESTAMP,
    Enum,
    Field,
    Message,
    Repeated,
)

_PACKAGE = "google.ads.datamanager.v1"


def _enum(name: str, values: str) -> Enum:
    return Enum(f"{_PACKAGE}.{name}", tuple(values.split()))


def _message(name: str, fields: dict[str, Field], *, one_of: tuple[str, ...] = ()) -> Message:
    return Message(f"{_PACKAGE}.{name}", fields, one_of)


def _strings(names: str) -> dict[str, Field]:
    return dict.fromkeys(names.split(), STRING)


_PRODUCT = _enum(
    "Product", "PRODUCT_UNSPECIFIED GOOGLE_ADS DISPLAY_VIDEO_PARTNER DISPLAY_VIDEO_ADVERTISER DATA_PARTNER"
)
_ACCOUNT_TYPE = _enum(
    "ProductAccount.AccountType",
    "ACCOUNT_TYPE_UNSPECIFIED GOOGLE_ADS DISPLAY_VIDEO_PARTNER DISPLAY_VIDEO_ADVERTISER DATA_PARTNER "
    "GOOGLE_ANALYTICS_PROPERTY GOOGLE_AD_MANAGER_AUDIENCE_LINK FLOODLIGHT_CONFIG GOOGLE_AD_MANAGER",
)
EVENT_SOURCE = _enum("EventSource", "EVENT_SOURCE_UNSPECIFIED WEB APP IN_STORE PHONE OTHER MESSAGE")
ENCODING = _enum("Encoding", "ENCODING_UNSPECIFIED HEX BASE64")
_CONSENT_STATUS = _enum("ConsentStatus", "CONSENT_STATUS_UNSPECIFIED CONSENT_GRANTED CONSENT_DENIED")
_CUSTOMER_TYPE = _enum("CustomerType", "CUSTOMER_TYPE_UNSPECIFIED NEW RETURNING REENGAGED")
_VALUE_BUCKET = _enum("CustomerValueBucket", "CUSTOMER_VALUE_BUCKET_UNSPECIFIED LOW MEDIUM HIGH")
_ENTITY_TYPE = _enum(
    "EncryptedUserId.EncryptionEntityType",
    "ENCRYPTION_ENTITY_TYPE_UNSPECIFIED CAMPAIGN_MANAGER_ACCOUNT CAMPAIGN_MANAGER_ADVERTISER "
    "DISPLAY_VIDEO_PARTNER DISPLAY_VIDEO_ADVERTISER GOOGLE_ADS_CUSTOMER GOOGLE_AD_MANAGER_NETWORK_CODE",
)
_ENCRYPTION_SOURCE = _enum(
    "EncryptedUserId.EncryptionSource", "ENCRYPTION_SOURCE_UNSPECIFIED AD_SERVING DATA_TRANSFER"
)
_KEY_TYPE = "KEY_TYPE_UNSPECIFIED XCHACHA20_POLY1305"

_PRODUCT_ACCOUNT = _message(
    "ProductAccount", {"product": _PRODUCT, "accountId": STRING, "accountType": _ACCOUNT_TYPE}
)
_DESTINATION = _message(
    "Destination",
    {
        "reference": STRING,
        "loginAccount": _PRODUCT_ACCOUNT,
        "linkedAccount": _PRODUCT_ACCOUNT,
        "operatingAccount": _PRODUCT_ACCOUNT,
        "productDestinationId": STRING,
    },
)
_CONSENT = _message("Consent", {"adUserData": _CONSENT_STATUS, "adPersonalization": _CONSENT_STATUS})
_ADDRESS = _message(
    "AddressInfo", _strings("givenName familyName regionCode postalCode addressLine city administrativeArea")
)
_USER_IDENTIFIER = _message(
    "UserIdentifier",
    {"emailAddress": STRING, "phoneNumber": STRING, "address": _ADDRESS},
    one_of=("emailAddress", "phoneNumber", "address"),
)
_USER_DATA = _message("UserData", {"userIdentifiers": Repeated(_USER_IDENTIFIER)})
_DEVICE = _message(
    "DeviceInfo",
    {
        **_strings(
            "userAgent ipAddress category languageCode operatingSystem operatingSystemVersion model brand "
            "browser browserVersion"
        ),
        "screenHeight": INT32,
        "screenWidth": INT32,
    },
)
_ENCRYPTED_USER_ID = _message(
    "EncryptedUserId",
    {"encryptedId": STRING, "entityType": _ENTITY_TYPE, "entityId": INT64, "source": _ENCRYPTION_SOURCE},
)
_AD_IDENTIFIERS = _message(
    "AdIdentifiers",
    {
        **_strings(
            "sessionAttributes gclid gbraid wbraid mobileDeviceId dclid impressionId matchId ppid visitorPpid"
        ),
        "landingPageDeviceInfo": _DEVICE,
        "encryptedUserIds": Repeated(_ENCRYPTED_USER_ID),
    },
)
_ITEM_VARIABLE = _message(
    "ItemCustomVariable", {"variable": STRING, "value": STRING, "destinationReferences": Repeated(STRING)}
)
_ITEM = _message(
    "Item",
    {
        **_strings("merchantProductId itemId merchantId merchantFeedLabel merchantFeedLanguageCode"),
        "quantity": INT64,
        "unitPrice": DOUBLE,
        "conversionValue": DOUBLE,
        "additionalItemParameters": Repeated(_message("ItemParameter", _strings("parameterName value"))),
        "customVariables": Repeated(_ITEM_VARIABLE),
    },
)
_CART = _message(
    "CartData",
    {
        **_strings("merchantId merchantFeedLabel merchantFeedLanguageCode"),
        "transactionDiscount": DOUBLE,
        "items": Repeated(_ITEM),
        "couponCodes": Repeated(STRING),
    },
)
_CUSTOM_VARIABLE = _message(
    "CustomVariable", {"variable": STRING, "value": STRING, "destinationReferences": Repeated(STRING)}
)
_USER_PROPERTIES = _message(
    "UserProperties",
    {
        "customerType": _CUSTOMER_TYPE,
        "customerValueBucket": _VALUE_BUCKET,
        "additionalUserProperties": Repeated(_message("UserProperty", _strings("propertyName value"))),
    },
)
_EVENT = _message(
    "Event",
    {
        **_strings("transactionId currency eventName clientId userId appInstanceId"),
        "destinationReferences": Repeated(STRING),
        "eventTimestamp": TIMESTAMP,
        "lastUpdatedTimestamp": TIMESTAMP,
        "userData": _USER_DATA,
        "thirdPartyUserData": _USER_DATA,
        "consent": _CONSENT,
        "adIdentifiers": _AD_IDENTIFIERS,
        "conversionValue": DOUBLE,
        "conversionCount": DOUBLE,
        "eventSource": EVENT_SOURCE,
        "eventDeviceInfo": _DEVICE,
        "cartData": _CART,
        "customVariables": Repeated(_CUSTOM_VARIABLE),
        "experimentalFields": Repeated(_message("ExperimentalField", _strings("field value"))),
        "userProperties": _USER_PROPERTIES,
        "additionalEventParameters": Repeated(_message("EventParameter", _strings("parameterName value"))),
        "eventLocation": _message(
            "EventLocation",
            _strings("storeId city subdivisionCode regionCode subcontinentCode continentCode"),
        ),
    },
)
_ENCRYPTION = _message(
    "EncryptionInfo",
    {
        "gcpWrappedKeyInfo": _message(
            "GcpWrappedKeyInfo",
            {
                **_strings("wipProvider kekUri encryptedDek"),
                "keyType": _enum("GcpWrappedKeyInfo.KeyType", _KEY_TYPE),
            },
        ),
        "awsWrappedKeyInfo": _message(
            "AwsWrappedKeyInfo",
            {
                **_strings("roleArn kekUri encryptedDek"),
                "keyType": _enum("AwsWrappedKeyInfo.KeyType", _KEY_TYPE),
            },
        ),
        "coordinatorKeyInfo": _message("CoordinatorKeyInfo", _strings("keyId")),
    },
    one_of=("gcpWrappedKeyInfo", "awsWrappedKeyInfo", "coordinatorKeyInfo"),
)
INGEST_EVENTS_REQUEST = _message(
    "IngestEventsRequest",
    {
        "destinations": Repeated(_DESTINATION),
        "events": Repeated(_EVENT),
        "consent": _CONSENT,
        "validateOnly": BOOL,
        "encoding": ENCODING,
        "encryptionInfo": _ENCRYPTION,
    },
)
