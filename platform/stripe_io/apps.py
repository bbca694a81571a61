from django.apps import AppConfig


class StripeIoConfig(AppConfig):
    name = "stripe_io"
    verbose_name = "Stripe"
