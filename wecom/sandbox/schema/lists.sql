-- What lists on screens are found by.

CREATE INDEX IF NOT EXISTS customers_by_name ON customer (name);
