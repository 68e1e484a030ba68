"""Microsoft Advertising's offline conversions over REST, played."""
