"""TikTok through the Events API 2.0."""
