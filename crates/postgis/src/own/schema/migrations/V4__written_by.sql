-- Who has written a row last: a load of Stacyard, which has checked its Item, or SQL, which may get wrong what STAC asks for. A
-- search checks the rows of SQL alone. It does not know who has written what is there so far, and takes it to be SQL.
-- A text, not a boolean: the planner takes few rows to have one value of many, without statistics too, and so goes by the
-- index below, which has no more rows than there are to check.
ALTER TABLE items ADD COLUMN written_by text NOT NULL DEFAULT 'sql';
COMMENT ON COLUMN items.written_by IS 'copy: stacyard, which has validated the Item; sql: anybody else, and searches validate it';
CREATE INDEX items_by_sql ON items (collection, id) WHERE written_by = 'sql';

-- As before, but that it says so: what it sees is not what a load has checked.
CREATE OR REPLACE FUNCTION stacyard_row() RETURNS trigger
LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    is_whole boolean := coalesce(current_setting('stacyard.loading', true) = 'whole', false) AND pg_trigger_depth() = 1;
    -- An update by a load writes the whole Item too: what is as before is so on purpose.
    is_new boolean := TG_OP = 'INSERT' OR is_whole;
    is_moved boolean;
    is_changed boolean;
    names text[] := ARRAY['datetime', 'start_datetime', 'end_datetime'];
    name text;
    given timestamptz[] := ARRAY[NEW.datetime, NEW.start_datetime, NEW.end_datetime];
    before timestamptz[];
    at timestamp;
    said jsonb;
BEGIN
    NEW.written_by := 'sql';
    -- What a plain INSERT leaves out, and what object mappers write instead.
    NEW.collection := coalesce(NEW.collection, '');
    NEW.stac_version := coalesce(NEW.stac_version, '1.1.0');
    NEW.properties := coalesce(nullif(NEW.properties, 'null'), '{}');
    IF coalesce(json_typeof(NEW.links), 'null') = 'null' THEN NEW.links := '[]'; END IF;
    IF coalesce(json_typeof(NEW.assets), 'null') = 'null' THEN NEW.assets := '{}'; END IF;
    NEW.bbox := nullif(NEW.bbox, 'null');
    NEW.stac_extensions := nullif(NEW.stac_extensions, 'null');
    IF NOT is_new THEN
        before := ARRAY[OLD.datetime, OLD.start_datetime, OLD.end_datetime];
    END IF;
    is_changed := is_new OR NEW.properties IS DISTINCT FROM OLD.properties OR given IS DISTINCT FROM before
        OR NEW.links::text IS DISTINCT FROM OLD.links::text OR NEW.assets::text IS DISTINCT FROM OLD.assets::text;
    IF is_changed AND (jsonb_typeof(NEW.properties) <> 'object' OR json_typeof(NEW.links) <> 'array'
        OR json_typeof(NEW.assets) <> 'object') THEN
        RAISE check_violation USING MESSAGE = format('the Item %L cannot be: properties and assets are objects, links an array', NEW.id),
            COLUMN = CASE WHEN jsonb_typeof(NEW.properties) <> 'object' THEN 'properties' WHEN json_typeof(NEW.links) <> 'array' THEN 'links' ELSE 'assets' END;
    END IF;

    -- Times: the properties say them; a column does where it alone has been written.
    FOR place IN 1..3 LOOP
        name := names[place];
        said := NEW.properties -> name;
        -- An Item needs this one: properties that leave it out are not meant to remove it.
        IF name = 'datetime' AND said IS NULL AND NOT is_new AND given[place] IS NOT DISTINCT FROM before[place]
            AND OLD.properties ? name THEN
            NEW.properties := NEW.properties || jsonb_build_object(name, OLD.properties -> name);
        ELSIF (said IS NULL AND given[place] IS NOT NULL AND (is_new OR name = 'datetime'))
            OR (NOT is_new AND said IS NOT DISTINCT FROM OLD.properties -> name AND given[place] IS DISTINCT FROM before[place]) THEN
            at := given[place] AT TIME ZONE 'UTC';
            IF at IS NULL THEN
                NEW.properties := NEW.properties - name;
            ELSIF at < '0001-01-01' OR at >= '10000-01-01' THEN
                RAISE check_violation USING MESSAGE = format('the Item %L cannot be: %s is beyond the years 1 to 9999', NEW.id, name), COLUMN = name;
            ELSE
                NEW.properties := NEW.properties || jsonb_build_object(name, to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS')
                    || coalesce('.' || nullif(rtrim(to_char(at, 'US'), '0'), ''), '') || 'Z');
            END IF;
        END IF;
    END LOOP;
    IF is_changed AND NOT NEW.properties ? 'datetime' THEN
        NEW.properties := NEW.properties || '{"datetime": null}';
    END IF;
    NEW.datetime := stacyard_timestamp(NEW.properties ->> 'datetime');
    NEW.start_datetime := stacyard_timestamp(NEW.properties ->> 'start_datetime');
    NEW.end_datetime := stacyard_timestamp(NEW.properties ->> 'end_datetime');
    SELECT extent.first, extent.last INTO NEW.extent_start, NEW.extent_end FROM stacyard_extent(NEW.properties) AS extent;
    IF is_changed AND (NEW.extent_start IS NULL OR (NEW.start_datetime IS NULL) <> (NEW.end_datetime IS NULL)
        OR (NEW.datetime IS NULL AND jsonb_typeof(NEW.properties -> 'datetime') <> 'null')
        OR (NEW.end_datetime IS NULL AND jsonb_typeof(NEW.properties -> 'end_datetime') <> 'null')) THEN
        RAISE check_violation USING
            MESSAGE = format('the Item %L cannot be: its times are %s', NEW.id, (SELECT jsonb_object_agg(key, value)
                FROM jsonb_each(NEW.properties) WHERE key = ANY (names))),
            COLUMN = 'properties',
            HINT = 'properties need a datetime, or start_datetime and end_datetime in this order: date and time as in 2024-06-01T00:00:00Z';
    END IF;

    -- Geometry: the column; its text does where it alone has been written.
    IF (is_new AND NEW.geometry IS NULL AND NEW.geometry_text IS NOT NULL)
        OR (NOT is_new AND NEW.geometry IS NOT DISTINCT FROM OLD.geometry AND NEW.geometry_text IS DISTINCT FROM OLD.geometry_text) THEN
        NEW.geometry := stacyard_geometry(NEW.geometry_text);
        IF NEW.geometry IS NULL AND json_typeof(NEW.geometry_text::json) <> 'null' THEN
            RAISE check_violation USING MESSAGE = format('the Item %L cannot be: geometry_text is no geometry', NEW.id), COLUMN = 'geometry_text';
        END IF;
    END IF;
    is_moved := NOT is_whole AND (is_new OR NEW.geometry IS DISTINCT FROM OLD.geometry);
    -- A text that PostGIS cannot read stays with the geometry that it came with.
    IF NEW.geometry_text IS NULL OR (is_moved AND stacyard_geometry(NEW.geometry_text) IS DISTINCT FROM ST_Translate(NEW.geometry, 0, 0))
        OR (NOT is_moved AND NOT stacyard_geometry(NEW.geometry_text) = ST_Translate(NEW.geometry, 0, 0))
        OR (NEW.geometry IS NULL AND NEW.geometry_text <> 'null') THEN
        NEW.geometry_text := stacyard_geojson(NEW.geometry);
        is_moved := true;
    END IF;
    IF NEW.geometry IS NULL THEN
        IF is_moved THEN NEW.bbox := NULL; END IF;
    -- Of an Item that came whole, and whose geometry a trigger has changed since, the box is that of before.
    ELSIF is_moved AND (NEW.bbox IS NULL OR is_whole OR (NOT is_new AND NEW.bbox = OLD.bbox)) THEN
        NEW.bbox := stacyard_bbox(NEW.geometry);
    END IF;

    -- Members that have a column are said there alone.
    NEW.others := nullif(NEW.others, 'null');
    IF jsonb_typeof(NEW.others) <> 'object' THEN
        RAISE check_violation USING MESSAGE = format('the Item %L cannot be: others is no object', NEW.id), COLUMN = 'others';
    END IF;
    NEW.others := nullif(NEW.others - (ARRAY['type', 'stac_version', 'id', 'geometry', 'properties', 'links', 'assets']
        || CASE WHEN NEW.bbox IS NOT NULL THEN ARRAY['bbox'] ELSE '{}' END
        || CASE WHEN NEW.stac_extensions IS NOT NULL THEN ARRAY['stac_extensions'] ELSE '{}' END
        || CASE WHEN NEW.collection <> '' THEN ARRAY['collection'] ELSE '{}' END), '{}');
    IF NOT stacyard_agrees(NEW.verbatim, NEW.collection, NEW.id, NEW.stac_version, NEW.stac_extensions, NEW.geometry_text,
        NEW.bbox, NEW.properties, NEW.links, NEW.assets, NEW.others) THEN
        NEW.verbatim := NULL;
    END IF;
    RETURN NEW;
END
$$;
