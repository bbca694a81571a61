"""How many connections a database may have."""

from django.db import connection

from database import sql


def limit_connections(limit: int) -> None:
    """Limit the connections to the tests' database until the transaction is rolled back; the test's own counts."""
    sql.run(f'ALTER DATABASE "{connection.settings_dict["NAME"]}" CONNECTION LIMIT {limit}')
