"""WebSub (W3C recommendation, 2018): hubs that a setting trusts push what is new in a feed."""
