"""The three calls of a payout, and nothing else: `python -m benchmarks.bare_calls ADDRESS KEY THREADS < accounts`.

Each account on standard input is sent one dollar and pays it out. Run by `benchmarks.sending`, as the floor.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import stripe

AMOUNT = 100


def main() -> None:
    address, key, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    client = stripe.StripeClient(
        key,
        base_addresses={"api": address},
        http_client=stripe.RequestsClient(proxy={"http": "", "https": ""}),
        max_network_retries=0,
    )

    def pay(account: str) -> None:
        transfer = client.v1.transfers.create({"amount": AMOUNT, "currency": "usd", "destination": account})
        payment = str(transfer.destination_payment)
        client.v1.charges.retrieve(payment, {"expand": ["balance_transaction"]}, {"stripe_account": account})
        client.v1.payouts.create({"amount": AMOUNT, "currency": "usd"}, {"stripe_account": account})

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(pay, sys.stdin.read().split()))


if __name__ == "__main__":
    main()
