// The values that properties have, each a way to narrow the search.
import { aggregates, element, json, withParameters } from "./ask.js";
import { bars } from "./bars.js";
import { and, between, compared, isJson, isNull } from "./cql2.js";
import { many, words } from "./words.js";

/** What people do not choose by, or have a field of its own for. */
const OTHERS = ["id", "collection", "datetime", "start_datetime", "end_datetime", "geometry", "bbox", "title", "description", "created", "updated"];
const SHOWN = 6;
/** So many are opened at once: each is a question to the store. */
const OPENED = 2;

export const kindOf = (property) => {
  const kinds = [property.type].flat().filter((kind) => kind !== "null");
  if (property.format === "date-time") return "time";
  if (kinds.length !== 1) return "other";
  if (kinds[0] === "number" || kinds[0] === "integer") return "number";
  return kinds[0] === "string" || kinds[0] === "boolean" ? kinds[0] : "other";
};

/** A width by which some twenty ranges cover all, that people count in. */
function niceWidth(range) {
  const rough = Math.max(range, Number.EPSILON) / 20;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((step) => step * power).find((width) => width >= rough);
}

function narrowed(search, condition) {
  const filter = new URL(search, location.href).searchParams.get("filter") ?? "";
  return withParameters(search, { filter: and(filter, condition), token: "" });
}

async function values(name, section, go) {
  const found = (await aggregates(section.dataset.aggregate, [`${name}_frequency`]))[`${name}_frequency`];
  const most = Math.max(1, found.overflow, ...found.buckets.map(({ frequency }) => frequency));
  const list = element("ul");
  const add = (label, count, condition) => {
    const fill = element("span", { class: "fill", "aria-hidden": "true" });
    fill.style.width = `${(100 * count) / most}%`;
    const url = narrowed(section.dataset.search, condition);
    list.append(element("li", {}, fill, element("a", { href: url }, element("span", {}, label), element("span", { class: "number" }, many(count)))));
  };
  const value = ({ key, data_type }) => (data_type === "numeric" ? Number(key) : key);
  for (const bucket of found.buckets.slice(0, SHOWN)) {
    const isBoolean = section.kinds.get(name) === "boolean";
    add(bucket.key, bucket.frequency, isBoolean ? compared(name, "=", bucket.key === "true") : compared(name, "=", value(bucket)));
  }
  if (found.overflow > 0) add(words.without, found.overflow, isNull(name, false));
  const rest = found.buckets.slice(SHOWN).reduce((sum, { frequency }) => sum + frequency, 0);
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.href);
  });
  return rest > 0 ? [list, element("p", { class: "note" }, words.others(rest))] : [list];
}

async function ranges(name, section, go) {
  const { aggregate, search } = section.dataset;
  const ends = await aggregates(aggregate, [`${name}_min`, `${name}_max`]);
  const [least, greatest] = [ends[`${name}_min`].value, ends[`${name}_max`].value].map(Number);
  if (ends[`${name}_min`].value === null) return [element("p", {}, words.without)];
  if (least === greatest) return values(name, section, go);
  const width = niceWidth(greatest - least);
  const found = (await aggregates(aggregate, [`${name}_histogram`], { histogram_interval: String(width) }))[`${name}_histogram`];
  const counts = new Map(found.buckets.map(({ from, frequency }) => [Math.round(Number(from) / width), frequency]));
  const [first, last] = [Math.min(...counts.keys()), Math.max(...counts.keys())];
  const edge = (at) => Number((at * width).toPrecision(12));
  const all = [];
  for (let at = first; at <= last && all.length < 400; at += 1) {
    all.push({ label: `${edge(at)} – ${edge(at + 1)}`, count: counts.get(at) ?? 0 });
  }
  const label = `${name}: ${least} – ${greatest}`;
  const chart = bars(all, label, (one, other) => {
    go(narrowed(search, between(name, edge(first + one), edge(first + other + 1))));
  });
  return [chart, element("div", { class: "ends" }, element("span", {}, String(edge(first))), element("span", {}, String(edge(last + 1))))];
}

export async function facets(section, go) {
  const chart = section.querySelector(".chart");
  const search = new URL(section.dataset.search, location.href);
  try {
    const schema = await json(section.dataset.queryables);
    const all = Object.entries(schema.properties).filter(([name]) => !OTHERS.includes(name));
    section.kinds = new Map(all.map(([name, property]) => [name, kindOf(property)]));
    const order = ["string", "boolean", "number"];
    const shown = all.filter(([name]) => order.includes(section.kinds.get(name)));
    shown.sort(([one], [other]) => order.indexOf(section.kinds.get(one)) - order.indexOf(section.kinds.get(other)));
    // Nothing can be added to a filter in JSON here.
    if (shown.length === 0 || isJson(search.searchParams.get("filter") ?? "")) {
      return chart.replaceChildren(element("p", { class: "dim" }, words.noFacets), ...chart.childNodes);
    }
    const made = shown.map(([name], number) => {
      const details = element("details", { class: "facet", open: number < OPENED }, element("summary", {}, name));
      let isAsked = false;
      const open = async () => {
        if (!details.open || isAsked) return;
        isAsked = true;
        const place = element("p", { class: "dim" }, words.counting);
        details.append(place);
        try {
          const found = await (section.kinds.get(name) === "number" ? ranges : values)(name, section, go);
          place.replaceWith(...found);
        } catch (error) {
          place.textContent = words.cannotAsk(error.message);
        }
      };
      details.addEventListener("toggle", open);
      open();
      return details;
    });
    chart.replaceChildren(...made);
  } catch (error) {
    chart.append(element("p", { class: "note" }, words.cannotAsk(error.message)));
  }
}
