"""What the tests of the webhook share."""

from pydantic import SecretStr

SECRET = SecretStr("whsec_bm90IGEgc2VjcmV0LCBidXQgbG9uZyBlbm91Z2gu")
