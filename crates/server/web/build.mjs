// Builds what the server's binary packs: the scripts, the map with its worker and style, the basemap and the licences, each packed with
// gzip and named after its bytes, so that a browser keeps it for good. `npm run build`, or `make web`.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { feature, mesh } from "topojson-client";

const DIST = "dist";

/** Keeps a file under a name that changes with its bytes: ROLE-HASH.EXTENSION.gz */
function keep(role, extension, bytes) {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  const packed = gzipSync(bytes, { level: 9 });
  // The time and the system in the head of the file would make each build another.
  packed.fill(0, 4, 8);
  packed[9] = 255;
  writeFileSync(join(DIST, `${role}-${hash}.${extension}.gz`), packed);
  console.log(`${role}.${extension}: ${packed.length} bytes packed`);
}

async function bundled(entry) {
  const built = await build({
    entryPoints: [entry],
    bundle: true,
    format: "esm",
    legalComments: "eof",
    minify: true,
    target: "es2022",
    write: false,
  });
  return built.outputFiles[0].contents;
}

/** Without the line that names a map of the source, which is not packed. */
function withoutSourceMap(text) {
  return text.replace(/\n?\/\/# sourceMappingURL=.*\s*$/, "\n");
}

/** A line that goes on where it crosses the antimeridian, beyond 180 degrees, instead of back around the Earth. */
function unbroken(line) {
  let turn = 0;
  return line.map(([x, y], at) => {
    const before = at > 0 ? line[at - 1][0] : x;
    if (x - before > 180) turn -= 360;
    if (before - x > 180) turn += 360;
    return [x + turn, y];
  });
}

/** A ring around a pole goes around the Earth: it is closed along the pole. */
function closed(ring) {
  const line = unbroken(ring);
  const [first, last] = [line[0], line.at(-1)];
  if (Math.abs(first[0] - last[0]) < 1) return line;
  const pole = first[1] < 0 ? -90 : 90;
  return [...line, [last[0], pole], [first[0], pole], first];
}

/** Land and borders of countries, three digits after the point: about 100 m. */
function basemap() {
  const world = JSON.parse(readFileSync("node_modules/world-atlas/countries-110m.json", "utf8"));
  const { land, countries } = world.objects;
  const round = (line) => line.map((position) => position.map((degrees) => Math.round(degrees * 1000) / 1000));
  const shown = (kind, type, coordinates) => ({ type: "Feature", properties: { kind }, geometry: { type, coordinates } });
  const lands = feature(world, land).features.flatMap(({ geometry: { type, coordinates } }) => (type === "Polygon" ? [coordinates] : coordinates));
  const borders = mesh(world, countries, (one, other) => one !== other).coordinates;
  const features = [
    ...lands.map((rings) => shown("land", "Polygon", rings.map((ring) => round(closed(ring))))),
    shown("border", "MultiLineString", borders.map((line) => round(unbroken(line)))),
  ];
  return JSON.stringify({ type: "FeatureCollection", features });
}

/** The licences of all that is packed, which is what the lock file lists and is not for the build alone. */
function licences() {
  const { packages } = JSON.parse(readFileSync("package-lock.json", "utf8"));
  const names = Object.keys(packages).filter((path) => path && !packages[path].dev);
  const texts = names.map((path) => {
    const { name, version, license } = JSON.parse(readFileSync(join(path, "package.json"), "utf8"));
    const files = readdirSync(path).filter((file) => /^(licen[sc]e|copying|notice)/i.test(file));
    const whole = files.map((file) => readFileSync(join(path, file), "utf8").trim()).join("\n\n");
    return `${name} ${version} (${license ?? "see below"})\n\n${whole || "Its package has no file with the text of the licence."}`;
  });
  const data = "The basemap is made of Natural Earth (public domain), as world-atlas has it.";
  return [data, ...texts].join(`\n\n${"-".repeat(80)}\n\n`) + "\n";
}

mkdirSync(DIST, { recursive: true });
for (const file of readdirSync(DIST)) if (file !== ".gitignore") rmSync(join(DIST, file));
const maplibre = "node_modules/maplibre-gl/dist";
keep("main", "js", await bundled("src/main.js"));
keep("map", "js", await bundled("src/map.js"));
keep("worker", "js", withoutSourceMap(readFileSync(`${maplibre}/maplibre-gl-worker.mjs`, "utf8")));
keep("map", "css", readFileSync(`${maplibre}/maplibre-gl.css`));
keep("basemap", "json", basemap());
keep("licences", "txt", licences());
