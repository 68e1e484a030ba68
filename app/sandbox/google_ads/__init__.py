"""Google Ads through the Data Manager API, played."""
