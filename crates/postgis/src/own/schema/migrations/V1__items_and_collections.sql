-- Items and Collections of STAC, with room for what JSON says and columns of PostgreSQL do not.
CREATE TABLE collections (
    id text COLLATE "C" PRIMARY KEY,
    content json NOT NULL
);
COMMENT ON TABLE collections IS 'STAC Collections, as they were given';

CREATE TABLE items (
    collection text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    datetime timestamptz,
    start_datetime timestamptz,
    end_datetime timestamptz,
    extent_start numeric,
    extent_end numeric,
    geometry geometry(Geometry, 4326),
    bbox jsonb,
    stac_version text NOT NULL,
    stac_extensions jsonb,
    geometry_text text NOT NULL,
    properties jsonb NOT NULL,
    links jsonb NOT NULL,
    assets jsonb NOT NULL,
    others jsonb,
    verbatim text,
    PRIMARY KEY (collection, id)
);
ALTER TABLE items
    ALTER geometry_text SET COMPRESSION lz4,
    ALTER properties SET COMPRESSION lz4,
    ALTER links SET COMPRESSION lz4,
    ALTER assets SET COMPRESSION lz4,
    ALTER others SET COMPRESSION lz4,
    ALTER verbatim SET COMPRESSION lz4;
COMMENT ON TABLE items IS 'STAC Items. Search them with stacyard, refer to them by (collection, id)';
COMMENT ON COLUMN items.collection IS 'The Item''s collection; empty where it has none';
COMMENT ON COLUMN items.datetime IS 'properties.datetime, cut to microseconds';
COMMENT ON COLUMN items.start_datetime IS 'properties.start_datetime, cut to microseconds';
COMMENT ON COLUMN items.end_datetime IS 'properties.end_datetime, cut to microseconds';
COMMENT ON COLUMN items.extent_start IS 'Start of the temporal extent: seconds since 1970 in UTC, to the nanosecond';
COMMENT ON COLUMN items.extent_end IS 'End of the temporal extent: seconds since 1970 in UTC, to the nanosecond';
COMMENT ON COLUMN items.geometry IS 'The Item''s geometry without heights; its coordinates as written are in geometry_text';
COMMENT ON COLUMN items.others IS 'Members of the Item that have no column';
COMMENT ON COLUMN items.verbatim IS 'The whole Item where jsonb would change how a number is written (1e2, -0)';

CREATE INDEX items_geometry ON items USING gist (geometry);
-- The order of a search that asks for none: newest first, ties by collection (none last) and id.
CREATE INDEX items_newest ON items (extent_start DESC, (collection = ''), collection, id);
CREATE INDEX items_id ON items (id);
