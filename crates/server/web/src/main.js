// What comes on top of the pages where a script may run: the map, time lines, facets, and a search that keeps its map. The URL is all the state
// that there is, so that a link, the way back and a page without a script show the same.
import { builder } from "./builder.js";
import { facets } from "./facets.js";
import { timeLine, total } from "./timeline.js";
import { upload } from "./upload.js";
import { words } from "./words.js";

let map = null;
/** Until the map has its Items, or none will come: what is counted would be in their way, at the server and in the browser. */
let drawn = null;
let running = null;

/** Goes to a page. That of a search is put in the place of this one, where this is one, so that the map stays. */
function go(url) {
  if (document.querySelector("#question")) return show(url, true);
  location.href = url;
}

/** The question in the address, and that whose answer is shown. */
const address = () => location.pathname + location.search;
let shown = address();

async function show(url, isNew) {
  running?.abort();
  running = new AbortController();
  const main = document.querySelector("main");
  main.setAttribute("aria-busy", "true");
  const focused = document.activeElement?.id;
  try {
    const answer = await fetch(url, { headers: { accept: "text/html" }, signal: running.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector("#question")) return location.assign(url);
    const target = new URL(url, location.href);
    target.hash = location.hash;
    if (isNew) history.pushState(null, "", target);
    shown = address();
    document.title = page.title;
    for (const id of ["#question", "#answer"]) document.querySelector(id).replaceWith(page.querySelector(id));
    document.querySelector("body > footer").replaceWith(page.querySelector("body > footer"));
    const [here, there] = [document.querySelector("#map"), page.querySelector("#map")];
    for (const name of ["tiles", "bounds"]) {
      if (there.dataset[name] === undefined) delete here.dataset[name];
      else here.dataset[name] = there.dataset[name];
    }
    enhance(document);
    map?.changed();
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  } catch (error) {
    if (error.name !== "AbortError") location.assign(url);
    return;
  }
  main.removeAttribute("aria-busy");
}

/** The URL of what the form asks. */
function asked(form) {
  const data = new FormData(form);
  const url = new URL(form.action);
  url.search = "";
  for (const name of new Set(data.keys())) {
    const value = data.getAll(name).filter(Boolean).join(",");
    if (value) url.searchParams.set(name, value);
  }
  return url.href;
}

function copies(button) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = words.copied;
    setTimeout(() => (button.textContent = words.copy), 1500);
  });
}

/** Once for each part of a page. */
function enhance(root) {
  const each = (selector, run) => {
    for (const one of root.querySelectorAll(selector)) {
      if (one.isEnhanced) continue;
      one.isEnhanced = true;
      run(one);
    }
  };
  each("[data-copy]", copies);
  const counted = (selector, run) =>
    each(selector, async (one) => {
      await drawn;
      run(one, go);
    });
  counted(".timeline", timeLine);
  counted(".facets", facets);
  counted(".total", total);
  each("#upload", upload);
  each("#search", (form) => {
    const submit = () => go(asked(form));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    builder(form.querySelector(".builder"), form, submit).catch(() => {});
  });
  // Within a search its links keep the map, too.
  each("#answer .ways a, #answer .given a", (link) =>
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go(link.href);
    }),
  );
}

async function startMap(place) {
  // The page has begun to load it by itself.
  const { start } = await import(place.dataset.script);
  map = start(place, {
    boxed: (bbox) => {
      const form = document.querySelector("#search");
      form.elements.namedItem("bbox").value = bbox;
      form.requestSubmit();
    },
  });
  await map.drawn;
}

const place = document.querySelector("#map[data-script]");
// Without the map the outline stays, and the rest goes on.
if (place) drawn = startMap(place).catch((error) => console.error(error));
enhance(document);
if (document.querySelector("#question")) {
  // A step to another place of the same page is one, too.
  addEventListener("popstate", () => {
    if (address() !== shown) show(location.href, false);
  });
}
