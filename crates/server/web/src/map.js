// The map: land and borders, the Items by tiles that the server makes, and those of the page on top of them.
import { AttributionControl, Map, NavigationControl, Popup, ScaleControl, prewarm, setWorkerUrl } from "maplibre-gl";
import { element } from "./ask.js";
import { items, words } from "./words.js";

// The page has its place by the time that a module runs. Its worker and its style are loaded while the rest of the page is made ready.
const { worker, style } = document.querySelector("#map").dataset;
document.head.append(element("link", { rel: "stylesheet", href: style }));
setWorkerUrl(worker);
prewarm();

const EMPTY = { type: "FeatureCollection", features: [] };

const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** West, south, east, north as the corners of a view; a west beyond the east goes on to the next turn of the Earth. */
function corners(text) {
  const [west, south, east, north] = text.split(",").map(Number);
  return [[west, Math.max(south, -85)], [east < west ? east + 360 : east, Math.min(north, 85)]];
}

function boxFeature(text) {
  const numbers = text.split(",").map(Number);
  if (![4, 6].includes(numbers.length) || numbers.some(Number.isNaN)) return EMPTY;
  const [west, south, east, north] = numbers.length === 4 ? numbers : [0, 1, 3, 4].map((at) => numbers[at]);
  const right = east < west ? east + 360 : east;
  const ring = [[west, south], [right, south], [right, north], [west, north], [west, south]];
  return { type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates: [ring] } };
}

/** The Items of the page: those that it lists, or the one that it shows. */
function marked() {
  const features = [...document.querySelectorAll("[data-geometry], .items [data-bounds]")].map((one, number) => {
    one.dataset.number = number;
    const { geometry, bounds } = one.dataset;
    if (geometry) return { type: "Feature", id: number, properties: {}, geometry: JSON.parse(geometry) };
    return { ...boxFeature(bounds), id: number };
  });
  return { type: "FeatureCollection", features };
}

/** Those of the Items are hidden where no tiles can be asked for. */
function layers(hasTiles) {
  const [accent, mark, land, line] = ["accent", "mark", "land", "line"].map(color);
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const few = isDark ? "#234a73" : "#b9d4ee";
  const dense = isDark ? "#cfe6ff" : "#08306b";
  const layout = { visibility: hasTiles ? "visible" : "none" };
  const tiles = (id, type, layer, more) => ({ id, type, source: "items", "source-layer": layer, layout, ...more });
  const isPoint = ["==", ["geometry-type"], "Point"];
  return [
    { id: "sea", type: "background", paint: { "background-color": color("sea") } },
    { id: "land", type: "fill", source: "world", filter: ["==", ["get", "kind"], "land"], paint: { "fill-color": land } },
    { id: "border", type: "line", source: "world", filter: ["==", ["get", "kind"], "border"], paint: { "line-color": line, "line-width": 0.8 } },
    tiles("cells", "fill", "cells", {
      paint: {
        "fill-antialias": false,
        "fill-opacity": 0.75,
        "fill-color": ["interpolate", ["linear"], ["log10", ["max", 1, ["get", "items"], ["coalesce", ["get", "meeting"], 0]]], 0, few, 2, accent, 5, dense],
      },
    }),
    tiles("footprints", "fill", "footprints", { filter: ["!", isPoint], paint: { "fill-color": accent, "fill-opacity": 0.05 } }),
    tiles("footprint-lines", "line", "footprints", { filter: ["!", isPoint], paint: { "line-color": accent, "line-width": 0.8, "line-opacity": 0.55 } }),
    tiles("footprint-points", "circle", "footprints", {
      filter: isPoint,
      paint: { "circle-color": accent, "circle-radius": 3.5, "circle-opacity": 0.8, "circle-stroke-color": land, "circle-stroke-width": 1 },
    }),
    { id: "box", type: "line", source: "box", paint: { "line-color": mark, "line-width": 1.5, "line-dasharray": [3, 2] } },
    { id: "marked", type: "fill", source: "marked", filter: ["!", isPoint], paint: { "fill-color": mark, "fill-opacity": ["case", ["boolean", ["feature-state", "near"], false], 0.4, 0.08] } },
    { id: "marked-lines", type: "line", source: "marked", filter: ["!", isPoint], paint: { "line-color": mark, "line-width": ["case", ["boolean", ["feature-state", "near"], false], 3, 1.4] } },
    {
      id: "marked-points",
      type: "circle",
      source: "marked",
      filter: isPoint,
      paint: { "circle-color": mark, "circle-radius": ["case", ["boolean", ["feature-state", "near"], false], 8, 4.5], "circle-stroke-color": land, "circle-stroke-width": 1.5 },
    },
  ];
}

/** What a step takes, in milliseconds: it is seen where it goes, and nobody waits for it. */
const STEP = 100;

/** A map whose steps, by button, key, double click or tap, are short. What goes on after a drag goes on as long as it did. */
class Stepped extends Map {
  easeTo(options, data) {
    return super.easeTo(options.noMoveStart ? options : { ...options, duration: Math.min(options.duration ?? STEP, STEP) }, data);
  }
  zoomIn(options, data) {
    return super.zoomIn({ duration: STEP, ...options }, data);
  }
  zoomOut(options, data) {
    return super.zoomOut({ duration: STEP, ...options }, data);
  }
}

const looks = ["footprints", "footprint-points", "cells"];
/** So long it is waited, in milliseconds, for a map that does not come, and before a server that had too much to do is asked again. */
const WAIT = 5_000;

/** So often, in milliseconds, it is looked whether a map that is at work is ready. */
const LOOK = 50;

/** Starts the map in its place; what was drawn there gives way. `boxed` is told the box that somebody has drawn. */
export function start(place, { boxed }) {
  const drawing = [...place.childNodes];
  const note = element("p", { class: "map-note", role: "status" }, words.loadingMap);
  const say = (text) => {
    note.textContent = text;
    note.hidden = text === "";
  };
  const { basemap, tiles, bounds } = place.dataset;
  const holder = element("div");
  holder.style.cssText = "position:absolute;inset:0";
  let map;
  try {
    map = new Stepped({
      container: holder,
      style: {
        version: 8,
        sources: {
          world: { type: "geojson", data: basemap },
          items: { type: "vector", tiles: tiles ? [tiles] : [], maxzoom: 22 },
          box: { type: "geojson", data: EMPTY },
          marked: { type: "geojson", data: marked() },
        },
        layers: layers(tiles),
      },
      ...(bounds ? { bounds: corners(bounds), fitBoundsOptions: { padding: 30, maxZoom: 9 } } : { center: [0, 20], zoom: 0.6 }),
      // A question that is wrong can become one that has tiles.
      hash: tiles || document.querySelector("#question") ? "map" : false,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
    });
  } catch {
    place.append(note);
    say(words.cannotDraw);
    return { drawn: null, changed() {} };
  }
  place.replaceChildren(holder, note);
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 90 }), "bottom-right");
  map.addControl(new AttributionControl({ compact: true, customAttribution: "Natural Earth" }), "bottom-right");
  map.getCanvas().setAttribute("aria-label", words.mapKeys);
  let isWrong = false;
  // Those that are there are not asked for again: the map can be left waiting for tiles that it has.
  let shown = tiles;
  const ask = () => {
    const isAgain = isWrong;
    isWrong = false;
    say("");
    const { tiles } = place.dataset;
    // A question that is wrong has no answer, and that of the one before is none.
    for (const { id, layout } of layers(tiles)) if (layout) map.setLayoutProperty(id, "visibility", layout.visibility);
    if (!tiles || (tiles === shown && !isAgain)) return;
    shown = tiles;
    map.getSource("items").setTiles([tiles]);
  };
  // A map can have all that it needs after its last frame, and does not say so: it is asked to draw once more.
  const look = () => {
    if (place.dataset.state !== "busy") return;
    if (map.loaded()) map.triggerRepaint();
    setTimeout(look, LOOK);
  };
  // Whether all is there is known once it is drawn: until then the map does not know itself which tiles it needs.
  for (const name of ["dataloading", "movestart"]) {
    map.on(name, () => {
      if (isWrong) return;
      map.triggerRepaint();
      if (place.dataset.state === "busy") return;
      place.dataset.state = "busy";
      setTimeout(look, LOOK);
    });
  }
  map.on("idle", () => {
    if (isWrong) return;
    place.dataset.state = "idle";
    if (note.textContent === words.loadingMap) say("");
  });
  map.on("error", ({ error }) => {
    isWrong = true;
    place.dataset.state = "wrong";
    // The server has much to do: it is asked again.
    if (error?.status === 503 || error?.status === 429) setTimeout(ask, WAIT);
    say(words.cannotLoad(error?.status ? `${error.status} ${error.statusText}` : (error?.message ?? "?")));
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const { id, paint } of layers(place.dataset.tiles)) {
      for (const [name, value] of Object.entries(paint)) map.setPaintProperty(id, name, value);
    }
  });

  map.on("click", (event) => {
    if (place.classList.contains("is-drawing")) return;
    const found = map.queryRenderedFeatures(event.point, { layers: looks });
    const cell = found.find(({ sourceLayer }) => sourceLayer === "cells");
    if (cell) return map.easeTo({ center: event.lngLat, zoom: map.getZoom() + 2 });
    const all = new window.Map(found.map(({ properties }) => [`${properties.collection}/${properties.id}`, properties]));
    if (all.size === 0) return;
    const list = element("ul");
    for (const { id, collection, datetime } of [...all.values()].slice(0, 12)) {
      const url = new URL(`${place.dataset.collections}/${encodeURIComponent(collection)}/items/${encodeURIComponent(id)}`, location.href);
      const name = collection === undefined ? id : element("a", { href: url.href }, id);
      list.append(element("li", {}, name, datetime ? ` ${datetime.slice(0, 10)}` : ""));
    }
    if (all.size > 12) list.append(element("li", {}, words.others(all.size - 12)));
    new Popup({ maxWidth: "20rem" }).setLngLat(event.lngLat).setDOMContent(list).addTo(map);
  });
  map.on("mousemove", ({ point }) => {
    if (!map.isStyleLoaded()) return;
    const [one] = map.queryRenderedFeatures(point, { layers: looks });
    map.getCanvas().style.cursor = one ? "pointer" : "";
    map.getCanvas().title = one?.sourceLayer === "cells" ? items(one.properties.meeting ?? one.properties.items) : "";
  });

  // The Item that one points at in the list is seen on the map.
  let near = null;
  const point = (event) => {
    const row = event.target.closest?.(".items [data-number]");
    if (near !== null) map.setFeatureState({ source: "marked", id: near }, { near: false });
    near = row ? Number(row.dataset.number) : null;
    if (near !== null) map.setFeatureState({ source: "marked", id: near }, { near: true });
  };
  for (const name of ["pointerover", "focusin"]) document.addEventListener(name, (event) => map.isStyleLoaded() && point(event));

  const box = () => {
    const field = document.querySelector("#bbox");
    return field?.value ? boxFeature(field.value) : EMPTY;
  };
  map.on("load", () => map.getSource("box").setData(box()));
  tools(map, place, say, boxed);

  return {
    /** The map has its Items, or none will come soon. */
    drawn: new Promise((resolve) => {
      map.once("idle", resolve);
      map.once("error", resolve);
      setTimeout(resolve, WAIT);
    }),
    /** The page shows another answer. */
    changed() {
      ask();
      const { bounds } = place.dataset;
      map.getSource("marked").setData(marked());
      map.getSource("box").setData(box());
      near = null;
      const field = document.querySelector("#bbox");
      if (field?.value && bounds) map.fitBounds(corners(bounds), { padding: 30, maxZoom: 9, animate: false });
    },
  };
}

/** The tools beside the map: a box is drawn on it, or taken from what is in view. */
function tools(map, place, say, boxed) {
  const bar = document.querySelector(".map-tools");
  if (!bar) return;
  bar.hidden = false;
  const button = (name) => bar.querySelector(`[data-${name}]`);
  const written = (one, other) => {
    const digits = Math.min(6, Math.max(1, Math.round(map.getZoom() / 2) + 1));
    const [west, east] = [Math.min(one.lng, other.lng), Math.max(one.lng, other.lng)];
    const [south, north] = [Math.min(one.lat, other.lat), Math.max(one.lat, other.lat)];
    const wrap = (degrees) => ((((degrees + 180) % 360) + 360) % 360) - 180;
    const sides = east - west >= 360 ? [-180, south, 180, north] : [wrap(west), south, wrap(east), north];
    return sides.map((side) => Number(side.toFixed(digits))).join(",");
  };
  const draw = (isOn) => {
    place.classList.toggle("is-drawing", isOn);
    button("draw").setAttribute("aria-pressed", String(isOn));
    map.dragPan[isOn ? "disable" : "enable"]();
    map.boxZoom[isOn ? "disable" : "enable"]();
    say(isOn ? words.drawing : "");
  };
  button("draw").addEventListener("click", () => draw(!place.classList.contains("is-drawing")));
  button("view").addEventListener("click", () => {
    const view = map.getBounds();
    boxed(written(view.getSouthWest(), view.getNorthEast()));
  });
  button("clear").addEventListener("click", () => boxed(""));
  addEventListener("keydown", ({ key }) => {
    if (key === "Escape" && place.classList.contains("is-drawing")) draw(false);
  });
  const canvas = map.getCanvasContainer();
  let first = null;
  const frame = element("div", { class: "drawn", hidden: true });
  place.append(frame);
  const at = (event) => {
    const { left, top } = place.getBoundingClientRect();
    return [event.clientX - left - place.clientLeft, event.clientY - top - place.clientTop];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!place.classList.contains("is-drawing")) return;
    event.preventDefault();
    first = at(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!first) return;
    const second = at(event);
    frame.hidden = false;
    for (const [side, length, axis] of [["left", "width", 0], ["top", "height", 1]]) {
      frame.style[side] = `${Math.min(first[axis], second[axis])}px`;
      frame.style[length] = `${Math.abs(first[axis] - second[axis])}px`;
    }
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!first) return;
    const [one, other] = [map.unproject(first), map.unproject(at(event))];
    const isBox = Math.hypot(...at(event).map((value, axis) => value - first[axis])) > 4;
    first = null;
    frame.hidden = true;
    draw(false);
    if (isBox) boxed(written(one, other));
  });
}
