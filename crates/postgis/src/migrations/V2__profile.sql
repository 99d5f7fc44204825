-- The user's own fields, with columns of their own.
CREATE TABLE stacyard_profile (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    content text NOT NULL
);
COMMENT ON TABLE stacyard_profile IS 'The profile.toml whose columns items has: stacyard init --profile';

-- A date and time of RFC 3339, cut to microseconds; NULL for any other text. Immutable, which a cast is not, since the
-- text has its offset.
CREATE FUNCTION stacyard_timestamp(written text) RETURNS timestamptz
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
BEGIN
    IF written !~ '^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$' THEN
        RETURN NULL;
    END IF;
    -- A leap second is the second before it.
    RETURN regexp_replace(regexp_replace(written, '(\.\d{6})\d+', '\1'), ':60(?=[.Zz+-])', ':59')::timestamptz;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END
$$;
