-- The database's clock, ahead of the machine's by what stands in moved_clock. What is named in `public` is found
-- before PostgreSQL's own: by the service, by defaults of columns, by everything that asks for the time.
CREATE TABLE moved_clock (ahead interval NOT NULL);
INSERT INTO moved_clock VALUES ('0');
CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
    AS 'SELECT pg_catalog.clock_timestamp() + ahead FROM public.moved_clock';
CREATE FUNCTION public.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.statement_timestamp() + ahead FROM public.moved_clock';
CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql STABLE PARALLEL SAFE
    AS 'SELECT pg_catalog.now() + ahead FROM public.moved_clock';
