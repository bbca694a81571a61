"""What every table here shares: time-ordered ids, outside ids, named SQL files, the database's clock."""
