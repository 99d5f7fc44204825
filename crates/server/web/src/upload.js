// Sends a file of Items into a Collection, and shows of each what became of it. The token goes with the request and is kept nowhere.
import { element } from "./ask.js";
import { words } from "./words.js";

/** A request has so many characters at most: less than a server takes by default (4 MiB), also where each takes more bytes. */
const BATCH = 1_000_000;
/** So many that were refused are shown. */
const SHOWN = 500;

/** Where a string that begins at a place ends. */
function endOf(text, at) {
  for (at += 1; text[at] !== '"'; at += 1) if (text[at] === "\\") at += 1;
  return at;
}

/** Where the array of Items begins, in a text that is JSON; -1: it is an Item itself. */
function openOf(text) {
  const first = text.search(/\S/);
  if (text[first] === "[") return first;
  let depth = 0;
  for (let at = first; at < text.length; at += 1) {
    if (text[at] === "{" || text[at] === "[") depth += 1;
    else if (text[at] === "}" || text[at] === "]") depth -= 1;
    else if (text[at] === '"') {
      const end = endOf(text, at);
      const open = depth === 1 && text.slice(at, end + 1) === '"features"' && /^\s*:\s*\[/.exec(text.slice(end + 1, end + 100));
      if (open) return end + open[0].length;
      at = end;
    }
  }
  return -1;
}

/** The elements of an array, as they are written: what a number says, and a name that stands twice, is for the server to see. */
function elements(text, open) {
  const found = [];
  let depth = 0;
  let begin = open + 1;
  for (let at = begin; at < text.length; at += 1) {
    const c = text[at];
    if (c === '"') at = endOf(text, at);
    else if (c === "{" || c === "[") depth += 1;
    else if (depth > 0 && (c === "}" || c === "]")) depth -= 1;
    else if (depth === 0 && (c === "," || c === "]")) {
      const one = text.slice(begin, at).trim();
      if (one) found.push(one);
      if (c === "]") return found;
      begin = at + 1;
    }
  }
  return found;
}

/** The Items of a text, each as it is written, with its place: one Item, a FeatureCollection, an array, or one a line. */
export function itemsOf(text) {
  const plain = text.replace(/^\uFEFF/, "").replaceAll("\u001E", "");
  const numbered = (all) => all.map((item, number) => ({ text: item, place: words.itemAt(number + 1) }));
  try {
    const whole = JSON.parse(plain);
    const isMany = Array.isArray(whole) || (whole?.type === "FeatureCollection" && Array.isArray(whole.features));
    if (!isMany) return numbered([plain.trim()]);
    const open = openOf(plain);
    const items = open < 0 ? [] : elements(plain, open);
    if (items.length !== (whole.features ?? whole).length) throw new Error(words.uploadTwice);
    return numbered(items);
  } catch (wrong) {
    if (!(wrong instanceof SyntaxError)) throw wrong;
    const lines = plain.split("\n");
    // A text of one line, or one that is no Item a line, is wrong as a whole.
    if (lines.filter((line) => line.trim()).length < 2) throw new Error(words.uploadBad(1, wrong.message));
    return lines.flatMap((line, number) => {
      if (!line.trim()) return [];
      try {
        JSON.parse(line);
        return [{ text: line.trim(), place: words.lineAt(number + 1) }];
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
    if (batch.length > 0 && size + one.text.length > BATCH) {
      yield batch;
      [batch, size] = [[], 0];
    }
    batch.push(one);
    size += one.text.length + 1;
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

/** What was refused, and of which Items nobody has to read more. */
function reportOf(refused) {
  const rows = refused.slice(0, SHOWN).map((one) => {
    const why = [one.detail, ...(one.errors ?? []).map(finding)].filter(Boolean);
    const told = element("ul", {}, ...why.map((line) => element("li", {}, line)));
    return element("tr", {}, element("td", {}, one.place), element("td", {}, one.id ?? "–"), element("td", {}, told));
  });
  const head = element("tr", {}, ...words.uploadColumns.map((text) => element("th", { scope: "col" }, text)));
  const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
  const more = refused.length > SHOWN ? [element("p", { class: "note" }, words.others(refused.length - SHOWN))] : [];
  return element("div", { class: "wide" }, table, ...more);
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
    let tried = 0;
    button.disabled = true;
    try {
      say(words.reading);
      const items = itemsOf(await form.querySelector("#upload-file").files[0].text());
      if (items.length === 0) return say(words.uploadEmpty, true);
      const headers = { "content-type": "application/json", accept: "application/json" };
      if (token) headers.authorization = `Bearer ${token}`;
      for (const batch of batches(items)) {
        say(words.sending(tried, items.length));
        const { created, replaced, refused, items: told } = await sent(batch, form.dataset.to, headers);
        whole.created += created;
        whole.replaced += replaced;
        whole.refused += refused;
        tried += batch.length;
        whole.items.push(...told.filter(({ status }) => status >= 300));
      }
      say(words.uploadDone(whole), whole.refused > 0);
    } catch (error) {
      const why = error instanceof TypeError ? words.uploadFailed(error.message) : error.message;
      say(tried > 0 ? `${words.uploadDone(whole)} ${words.uploadStopped(why)}` : why, true);
    } finally {
      if (whole.items.length > 0) report.append(reportOf(whole.items));
      button.disabled = false;
    }
  });
}
