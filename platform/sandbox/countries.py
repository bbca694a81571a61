"""The countries in which Stripe offers Express accounts, and their settlement currencies.

Source: https://docs.stripe.com/connect/express-accounts and https://docs.stripe.com/payouts
"""

_COUNTRIES_BY_CURRENCY = {
    "aed": "AE",
    "aud": "AU",
    "brl": "BR",
    "cad": "CA",
    "chf": "CH LI",
    "czk": "CZ",
    "dkk": "DK",
    "eur": "AT BE BG CY DE EE ES FI FR GR HR IE IT LT LU LV MT NL PT SI SK",
    "gbp": "GB GI",
    "hkd": "HK",
    "huf": "HU",
    "inr": "IN",
    "isk": "IS",
    "jpy": "JP",
    "mxn": "MX",
    "myr": "MY",
    "nok": "NO",
    "nzd": "NZ",
    "php": "PH",
    "pln": "PL",
    "ron": "RO",
    "sek": "SE",
    "sgd": "SG",
    "thb": "TH",
    "twd": "TW",
    "usd": "US",
    "zar": "ZA",
}

DEFAULT_CURRENCY = {
    country: currency
    for currency, countries in _COUNTRIES_BY_CURRENCY.items()
    for country in countries.split()
}
# No account settles in the last ones by default, but the platform may hold them and banks may take them.
CURRENCIES = (*_COUNTRIES_BY_CURRENCY, "bhd", "jod", "krw", "kwd", "omr", "tnd", "ugx", "xof")
