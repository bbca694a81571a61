"""Post all billing batches that are waiting to be posted."""

from dataclasses import asdict

from database import sql
from database.commands import ServiceCommand
from earnings.services import posting


class Command(ServiceCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        posted = posting.post_due(now=sql.now())
        self.show(options, asdict(posted))
