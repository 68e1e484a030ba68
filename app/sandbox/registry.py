"""The platforms the sandbox plays. A new one is one line here."""

from collections.abc import Callable

from app.sandbox.ga4.platform import ga4
from app.sandbox.google_ads.platform import google_ads
from app.sandbox.linkedin.platform import linkedin
from app.sandbox.meta.platform import meta
from app.sandbox.microsoft_ads.platform import microsoft_ads
from app.sandbox.platform import PlayedPlatform
from app.sandbox.tiktok.platform import tiktok
from app.sandbox.webhook.platform import webhook

PLATFORMS: tuple[Callable[[], PlayedPlatform], ...] = (
    google_ads,
    meta,
    ga4,
    microsoft_ads,
    linkedin,
    tiktok,
    webhook,
)
"""Each call makes a platform with a state of its own."""
