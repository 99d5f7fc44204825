-- A methane team's own tables beside the Items. Run it after `stacyard init`; the Items are in the schema stac. The foreign
-- key the other way, from Items to facilities, is in profile.toml.
CREATE SCHEMA mars;

CREATE TABLE mars.facilities (
    id text PRIMARY KEY,
    name text NOT NULL,
    operator text,
    geometry geometry(Point, 4326)
);

CREATE TABLE mars.sources (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    facility_id text REFERENCES mars.facilities (id) ON DELETE SET NULL,
    geometry geometry(Point, 4326) NOT NULL
);

-- A plume was seen in an Item, and goes with it.
CREATE TABLE mars.plumes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source_id bigint REFERENCES mars.sources (id),
    emission_rate double precision NOT NULL CHECK (emission_rate >= 0),  -- kg/h
    collection text COLLATE "C" NOT NULL,
    item_id text COLLATE "C" NOT NULL,
    FOREIGN KEY (collection, item_id) REFERENCES stac.items (collection, id) ON DELETE CASCADE
);
CREATE INDEX plumes_item ON mars.plumes (collection, item_id);

-- What each facility emitted, with the Items that show it.
CREATE VIEW mars.emissions AS
SELECT f.id AS facility_id, f.name, i.datetime, p.emission_rate, i.collection, i.id AS item_id, i.geometry
FROM mars.plumes p
JOIN stac.items i ON (i.collection, i.id) = (p.collection, p.item_id)
LEFT JOIN mars.sources s ON s.id = p.source_id
LEFT JOIN mars.facilities f ON f.id = s.facility_id;
