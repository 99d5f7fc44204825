// Sends a file of Items into a Collection, and shows of each what became of it. The token goes with the request and is kept nowhere.
import { element } from "./ask.js";
import { many, words } from "./words.js";

/** The Items of a text: one, a FeatureCollection, an array, or one a line. */
export function itemsOf(text) {
  const plain = text.replace(/^\uFEFF/, "").replaceAll("\u001E", "");
  try {
    const whole = JSON.parse(plain);
    if (Array.isArray(whole)) return whole;
    return whole?.type === "FeatureCollection" && Array.isArray(whole.features) ? whole.features : [whole];
  } catch (wrong) {
    const lines = plain.split("\n");
    // A text of one line, or one that is no Item a line, is wrong as a whole.
    if (lines.filter((line) => line.trim()).length < 2) throw new Error(words.uploadBad(1, wrong.message));
    return lines.flatMap((line, number) => {
      if (!line.trim()) return [];
      try {
        return [JSON.parse(line)];
      } catch (error) {
        throw new Error(words.uploadBad(number + 1, error.message));
      }
    });
  }
}

const finding = (one) => (typeof one === "string" ? one : [one.pointer, one.message ?? one.detail ?? JSON.stringify(one)].filter(Boolean).join(": "));

function reportOf(said) {
  const rows = (said.items ?? []).map((one, number) => {
    const isIn = one.status < 300;
    const why = [one.detail, ...(one.errors ?? []).map(finding)].filter(Boolean);
    const told = isIn ? words.uploadOk : element("ul", {}, ...why.map((line) => element("li", {}, line)));
    return element("tr", {}, element("td", { class: "number" }, many(number + 1)), element("td", {}, one.id ?? "–"), element("td", {}, told));
  });
  // What is wrong comes first, as it is what has to be read.
  rows.sort((one, other) => Boolean(other.querySelector("ul")) - Boolean(one.querySelector("ul")));
  const head = element("tr", {}, ...["Item", "Id", "What became of it"].map((text) => element("th", { scope: "col" }, text)));
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
    button.disabled = true;
    try {
      say(words.reading);
      const features = itemsOf(await form.querySelector("#upload-file").files[0].text());
      if (features.length === 0) return say(words.uploadEmpty, true);
      say(words.sending(features.length));
      const headers = { "content-type": "application/json", accept: "application/json" };
      if (token) headers.authorization = `Bearer ${token}`;
      const body = JSON.stringify({ type: "FeatureCollection", features });
      const answer = await fetch(form.dataset.to, { method: "POST", headers, body });
      const said = await answer.json();
      if (said.items) {
        say(words.uploadDone(said.created, said.replaced, said.refused), said.refused > 0);
        report.append(reportOf(said));
      } else {
        say([said.detail, said.help].filter(Boolean).join(". "), true);
      }
    } catch (error) {
      say(error instanceof TypeError ? words.uploadFailed(error.message) : error.message, true);
    } finally {
      button.disabled = false;
    }
  });
}
