-- The database's clock, ahead of the machine's by moved_clock. Functions in `public` take precedence over PostgreSQL's
-- own: in the service, in column defaults, wherever the time is read.
CREATE TABLE moved_clock (ahead interval NOT NULL);
INSERT INTO moved_clock VALUES ('0');
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
    AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM public.moved_clock';
CREATE FUNCTION public.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.statement_timestamp() + ahead FROM public.moved_clock';
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.now() + ahead FROM public.moved_clock';
