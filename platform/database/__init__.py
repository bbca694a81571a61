"""What all apps' tables share: time-ordered ids, external ids, SQL files, the database's clock."""
