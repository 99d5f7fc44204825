// Sends a file of Items into a Collection, and shows of each what became of it. The token goes with the request and is kept nowhere.
import { element } from "./ask.js";
import { words } from "./words.js";

/** A request has so many characters at most: less than a server takes by default (4 MiB), also where each takes more bytes. */
const BATCH = 1_000_000;

/** The Items of a text, each with its place: one Item, a FeatureCollection, an array, or one a line. */
export function itemsOf(text) {
  const plain = text.replace(/^\uFEFF/, "").replaceAll("\u001E", "");
  const numbered = (all) => all.map((item, number) => ({ item, place: words.itemAt(number + 1) }));
  try {
    const whole = JSON.parse(plain);
    if (Array.isArray(whole)) return numbered(whole);
    return numbered(whole?.type === "FeatureCollection" && Array.isArray(whole.features) ? whole.features : [whole]);
  } catch (wrong) {
    const lines = plain.split("\n");
    // A text of one line, or one that is no Item a line, is wrong as a whole.
    if (lines.filter((line) => line.trim()).length < 2) throw new Error(words.uploadBad(1, wrong.message));
    return lines.flatMap((line, number) => {
      if (!line.trim()) return [];
      try {
        return [{ item: JSON.parse(line), place: words.lineAt(number + 1) }];
      } catch (error) {
        throw new Error(words.uploadBad(number + 1, error.message));
      }
    });
  }
}

/** Parts of them that fit into a request. */
function* batches(items) {
  let batch = [];
  let size = 0;
  for (const one of items) {
    const text = JSON.stringify(one.item);
    if (batch.length > 0 && size + text.length > BATCH) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push({ ...one, text });
    size += text.length + 1;
  }
  if (batch.length > 0) yield batch;
}

/** What became of the Items of a batch. An answer without a report is about all of them. */
async function sent(batch, to, headers) {
  const body = `{"type":"FeatureCollection","features":[${batch.map(({ text }) => text).join(",")}]}`;
  const answer = await fetch(to, { method: "POST", headers, body });
  const said = await answer.json();
  if (!said.items) throw new Error([said.detail, said.help].filter(Boolean).join(". "));
  said.items.forEach((one, number) => (one.place = batch[number].place));
  return said;
}

const finding = (one) => (typeof one === "string" ? one : [one.pointer, one.message ?? one.detail ?? JSON.stringify(one)].filter(Boolean).join(": "));

function reportOf(said) {
  const rows = said.items.map((one) => {
    const isIn = one.status < 300;
    const why = [one.detail, ...(one.errors ?? []).map(finding)].filter(Boolean);
    const told = isIn ? words.uploadOk : element("ul", {}, ...why.map((line) => element("li", {}, line)));
    return element("tr", {}, element("td", {}, one.place), element("td", {}, one.id ?? "–"), element("td", {}, told));
  });
  // What is wrong comes first, as it is what has to be read.
  rows.sort((one, other) => Boolean(other.querySelector("ul")) - Boolean(one.querySelector("ul")));
  const head = element("tr", {}, ...words.uploadColumns.map((text) => element("th", { scope: "col" }, text)));
  return element("div", { class: "wide" }, element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows)));
}

export function upload(details) {
  const form = details.querySelector("form");
  const report = details.querySelector(".report");
  form.hidden = false;
  const say = (text, isWrong) => report.replaceChildren(element("p", { class: isWrong ? "wrong" : "" }, text));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    const token = form.querySelector("#upload-token").value;
    const whole = { created: 0, replaced: 0, refused: 0, items: [] };
    button.disabled = true;
    try {
      say(words.reading);
      const items = itemsOf(await form.querySelector("#upload-file").files[0].text());
      if (items.length === 0) return say(words.uploadEmpty, true);
      const headers = { "content-type": "application/json", accept: "application/json" };
      if (token) headers.authorization = `Bearer ${token}`;
      let tried = 0;
      for (const batch of batches(items)) {
        say(words.sending(tried, items.length));
        const { created, replaced, refused, items: told } = await sent(batch, form.dataset.to, headers);
        whole.created += created;
        whole.replaced += replaced;
        whole.refused += refused;
        whole.items.push(...told);
        tried += batch.length;
      }
      say(words.uploadDone(whole), whole.refused > 0);
    } catch (error) {
      const why = error instanceof TypeError ? words.uploadFailed(error.message) : error.message;
      say(whole.items.length > 0 ? `${words.uploadDone(whole)} ${words.uploadStopped(why)}` : why, true);
    } finally {
      if (whole.items.length > 0) report.append(reportOf(whole));
      button.disabled = false;
    }
  });
}
