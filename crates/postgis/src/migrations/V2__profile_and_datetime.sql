-- The user's own fields, with columns of their own.
CREATE TABLE stacyard_profile (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    content text NOT NULL
);
COMMENT ON TABLE stacyard_profile IS 'The profile.toml whose columns items has: stacyard init --profile';

-- A date and time of RFC 3339, cut to microseconds; NULL for any other text. Immutable, which a cast is not, since all of it
-- is said.
CREATE FUNCTION stacyard_timestamp(written text) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    part text[] := regexp_match(written, '^(\d{4})(-\d{2}-\d{2})[Tt ]((?:[01]\d|2[0-3]):[0-5]\d):([0-5]\d|60)(\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$');
    found timestamptz;
BEGIN
    IF part IS NULL THEN
        RETURN NULL;
    END IF;
    -- PostgreSQL calls the year 0 the first one before Christ. A leap second is the second before it.
    found := (CASE part[1] WHEN '0000' THEN '0001' ELSE part[1] END || part[2] || ' ' || part[3] || ':'
        || CASE part[4] WHEN '60' THEN '59' ELSE part[4] END || coalesce(left(part[5], 7), '') || 'Z'
        || CASE part[1] WHEN '0000' THEN ' BC' ELSE '' END)::timestamptz;
    IF part[6] IS NOT NULL THEN
        found := found - (part[6] || '1')::int * make_interval(hours => part[7]::int, mins => part[8]::int);
    END IF;
    IF part[4] = '60' AND to_char(found AT TIME ZONE 'UTC', 'HH24:MI') <> '23:59' THEN
        RETURN NULL;
    END IF;
    -- The last instant that there is.
    RETURN least(found, '9999-12-30 22:00:00.999999Z');
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;

-- The orders by the time of an Item itself, both ways.
CREATE INDEX items_datetime ON items (datetime);

-- Nobody searches in these. As the text that they are they take a third less room than as jsonb, and a third of the time
-- to load, with the same operators (-> and ->>).
ALTER TABLE items
    ALTER links TYPE json USING links::text::json,
    ALTER assets TYPE json USING assets::text::json;
ALTER TABLE items
    ALTER stac_extensions SET COMPRESSION lz4,
    ALTER links SET COMPRESSION lz4,
    ALTER assets SET COMPRESSION lz4;
