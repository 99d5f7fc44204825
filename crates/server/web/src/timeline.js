// A time line: how many Items when. One drags over it to choose a time.
import { aggregates, element, withParameters } from "./ask.js";
import { bars } from "./bars.js";
import { many, words } from "./words.js";

/** So many bars are seen on a phone. */
const MOST = 120;

/** So many months later; `Date.UTC` takes a year below 100 for one of another century. */
const later = (at, months) => new Date(new Date(at).setUTCMonth(at.getUTCMonth() + months));

const STEPS = {
  year: { shown: 4, next: (at) => later(at, 12) },
  month: { shown: 7, next: (at) => later(at, 1) },
  day: { shown: 10, next: (at) => new Date(at.getTime() + 86_400_000) },
};

/** The step by which so long a time is not too many bars. */
function stepOf(months) {
  if (months > MOST) return "year";
  return months > 4 ? "month" : "day";
}

/** Buckets with those between them in which there is nothing; where that would be too many, those that there are. */
function filled(buckets, step) {
  const sorted = buckets.map(({ key, frequency }) => ({ at: new Date(key), count: frequency })).sort((one, other) => one.at - other.at);
  const counts = new Map(sorted.map(({ at, count }) => [at.getTime(), count]));
  const all = [];
  for (let at = sorted[0].at; at <= sorted.at(-1).at; at = STEPS[step].next(at)) {
    if (all.length > 4 * MOST) return sorted;
    all.push({ at, count: counts.get(at.getTime()) ?? 0 });
  }
  return all;
}

export async function timeLine(section, go) {
  const chart = section.querySelector(".chart");
  const { aggregate, search } = section.dataset;
  const kept = [...chart.childNodes];
  chart.replaceChildren(element("p", { class: "dim" }, words.counting));
  try {
    const asked = ["total_count", "datetime_frequency"];
    let found = await aggregates(aggregate, asked);
    const months = found.datetime_frequency.buckets.map(({ key }) => new Date(key));
    if (months.length === 0) return chart.replaceChildren(element("p", {}, words.noTimes));
    const [first, last] = [Math.min(...months), Math.max(...months)].map((at) => new Date(at));
    const span = (last.getUTCFullYear() - first.getUTCFullYear()) * 12 + last.getUTCMonth() - first.getUTCMonth() + 1;
    const step = stepOf(span);
    if (step !== "month") found = await aggregates(aggregate, asked, { datetime_frequency_interval: step });
    const all = filled(found.datetime_frequency.buckets, step);
    const shown = (at) => at.toISOString().slice(0, STEPS[step].shown).replace("T", " ");
    const [from, to] = [shown(all[0].at), shown(all.at(-1).at)];
    const most = all.reduce((best, one) => (one.count > best.count ? one : best));
    const label = `${words.timeLine(found.total_count.value, from, to)}; ${words.most(shown(most.at), most.count)}`;
    const named = all.map(({ at, count }) => ({ label: shown(at), count }));
    const drawn = bars(named, label, (one, other) => {
      const end = new Date(STEPS[step].next(all[other].at).getTime() - 1).toISOString();
      // A time may have more digits than a script knows.
      const datetime = `${all[one].at.toISOString()}/${end.replace("999Z", "999999999Z")}`;
      go(withParameters(search, { datetime, token: "" }));
    });
    const ends = element("div", { class: "ends" }, element("span", {}, from), element("span", {}, words.timeHint), element("span", {}, to));
    chart.replaceChildren(drawn, ends);
    const { overflow } = found.datetime_frequency;
    if (overflow > 0) chart.append(element("p", { class: "note" }, words.unplaced(overflow)));
  } catch (error) {
    chart.replaceChildren(element("p", { class: "note" }, words.cannotAsk(error.message)), ...kept);
  }
}

/** The number of all Items that answer, where the page has come without it. */
export async function total(link) {
  try {
    const found = await aggregates(link.dataset.aggregate, ["total_count"]);
    link.replaceWith(many(found.total_count.value));
  } catch (error) {
    link.title = words.cannotAsk(error.message);
  }
}
