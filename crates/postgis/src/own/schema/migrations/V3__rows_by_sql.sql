-- Rows that users write by SQL: what can be derived is derived, and what no longer holds goes, whoever writes. Stacyard's own
-- loads, which bring all of it along, say so for their transaction (stacyard.loading = on) and are not slowed down. Where
-- triggers of the user may change their rows, these are looked at too, each as a whole Item (stacyard.loading = whole).

-- The instant of a text in seconds since 1970, to the nanosecond; NULL for any other text.
CREATE FUNCTION stacyard_seconds(written text) RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    whole timestamptz := stacyard_timestamp(regexp_replace(written, '\.\d+', ''));
BEGIN
    -- Whole seconds never have a fraction but where the last instant stands for later ones.
    IF whole IS NULL OR stacyard_timestamp(written) IS NULL THEN
        RETURN NULL;
    ELSIF whole <> date_trunc('second', whole) THEN
        RETURN 253402207200.999999999;
    END IF;
    RETURN round(extract(epoch FROM whole)::numeric, 9)
        + coalesce(('0.' || substring(written FROM '\.(\d{1,9})'))::numeric, 0);
END
$$;

-- The temporal extent: the range where it is whole, else the instant; NULL where there is neither, or it is not well formed.
CREATE FUNCTION stacyard_extent(properties jsonb, OUT first numeric, OUT last numeric)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
DECLARE
    has_start boolean := coalesce(jsonb_typeof(properties -> 'start_datetime'), 'null') <> 'null';
    has_end boolean := coalesce(jsonb_typeof(properties -> 'end_datetime'), 'null') <> 'null';
BEGIN
    IF has_start THEN
        first := stacyard_seconds(properties ->> 'start_datetime');
        IF has_end THEN
            last := stacyard_seconds(properties ->> 'end_datetime');
        END IF;
    END IF;
    IF NOT (has_start AND has_end) AND NOT (has_start AND first IS NULL) THEN
        first := stacyard_seconds(properties ->> 'datetime');
        last := first;
    END IF;
    IF first IS NULL OR last IS NULL OR first > last THEN
        first := NULL;
        last := NULL;
    END IF;
END
$$;

-- A geometry as GeoJSON, with all its digits.
CREATE FUNCTION stacyard_geojson(shape geometry) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
BEGIN
    RETURN coalesce(ST_AsGeoJSON(shape, 60, 0)::json::text, 'null');
EXCEPTION WHEN OTHERS THEN
    RAISE check_violation USING MESSAGE = 'GeoJSON cannot say this geometry: ' || left(ST_AsText(shape), 80), COLUMN = 'geometry';
END
$$;

-- The geometry of GeoJSON, without heights; NULL for null, and for what PostGIS cannot read. PostGIS takes -0 and 0 for
-- different geometries: here, and where others are compared with it, it is 0 (a move by nothing).
CREATE FUNCTION stacyard_geometry(written text) RETURNS geometry
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
BEGIN
    IF coalesce(json_typeof(written::json), 'null') = 'null' THEN
        RETURN NULL;
    END IF;
    RETURN ST_Translate(ST_SetSRID(ST_Force2D(ST_GeomFromGeoJSON(written)), 4326), 0, 0);
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END
$$;

-- The box of a geometry.
CREATE FUNCTION stacyard_bbox(shape geometry) RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN NOT ST_IsEmpty(shape) THEN
        jsonb_build_array(ST_XMin(shape), ST_YMin(shape), ST_XMax(shape), ST_YMax(shape)) END
$$;

-- Whether the whole text of an Item still says what its columns say.
CREATE FUNCTION stacyard_agrees(verbatim text, collection text, id text, stac_version text, stac_extensions jsonb,
    geometry_text text, bbox jsonb, properties jsonb, links json, assets json, others jsonb) RETURNS boolean
LANGUAGE plpgsql IMMUTABLE SET search_path FROM CURRENT AS $$
DECLARE
    item json := verbatim::json;
BEGIN
    RETURN coalesce((item ->> 'id', item ->> 'stac_version', (item -> 'geometry')::text, (item -> 'links')::text, (item -> 'assets')::text)
            = (id, stac_version, geometry_text, links::text, assets::text)
        AND (item -> 'properties')::jsonb = properties
        AND (SELECT coalesce(jsonb_object_agg(key, value::jsonb), '{}') FROM json_each(item)
             WHERE key NOT IN ('type', 'id', 'stac_version', 'geometry', 'properties', 'links', 'assets'))
            = coalesce(others, '{}') || jsonb_strip_nulls(jsonb_build_object('collection', nullif(collection, '')))
            || CASE WHEN bbox IS NULL THEN '{}' ELSE jsonb_build_object('bbox', bbox) END
            || CASE WHEN stac_extensions IS NULL THEN '{}' ELSE jsonb_build_object('stac_extensions', stac_extensions) END, false);
EXCEPTION WHEN OTHERS THEN
    RETURN false;
END
$$;

CREATE FUNCTION stacyard_row() RETURNS trigger
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

-- The last of its kind, as triggers run in the order of their names: it sees what others have changed.
CREATE TRIGGER zz_stacyard BEFORE INSERT OR UPDATE ON items FOR EACH ROW
    WHEN (current_setting('stacyard.loading', true) IS DISTINCT FROM 'on' OR pg_trigger_depth() > 0)
    EXECUTE FUNCTION stacyard_row();

-- What SQL has left behind so far: the trigger makes such rows anew.
UPDATE items SET id = id
WHERE (datetime, start_datetime, end_datetime) IS DISTINCT FROM (stacyard_timestamp(properties ->> 'datetime'),
        stacyard_timestamp(properties ->> 'start_datetime'), stacyard_timestamp(properties ->> 'end_datetime'))
    OR NOT EXISTS (SELECT FROM stacyard_extent(properties)
        WHERE first IS NOT DISTINCT FROM extent_start AND last IS NOT DISTINCT FROM extent_end)
    OR NOT stacyard_geometry(geometry_text) = ST_Translate(geometry, 0, 0) OR (geometry IS NULL AND geometry_text <> 'null')
    OR (verbatim IS NOT NULL AND NOT stacyard_agrees(verbatim, collection, id, stac_version, stac_extensions, geometry_text, bbox, properties, links, assets, others));

ALTER TABLE items
    ALTER collection SET DEFAULT '',
    ALTER stac_version SET DEFAULT '1.1.0',
    ALTER geometry_text SET DEFAULT 'null',
    ALTER properties SET DEFAULT '{}',
    ALTER links SET DEFAULT '[]',
    ALTER assets SET DEFAULT '{}';
COMMENT ON COLUMN items.datetime IS 'properties.datetime, cut to microseconds; kept the same by a trigger, whichever is written';
COMMENT ON COLUMN items.start_datetime IS 'properties.start_datetime, cut to microseconds; kept the same by a trigger';
COMMENT ON COLUMN items.end_datetime IS 'properties.end_datetime, cut to microseconds; kept the same by a trigger';
COMMENT ON COLUMN items.geometry_text IS 'The Item''s geometry as it was written; made from geometry where that is written by SQL';
