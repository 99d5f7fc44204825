// Asking the server. What goes wrong is an Error with what the server said.

/** The JSON of a URL. */
export async function json(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { accept: "application/json", ...options.headers } });
  const body = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body;
  throw new Error(body?.detail ?? `status ${answer.status}`);
}

/** A URL with other parameters; those that are undefined or empty are taken away. */
export function withParameters(url, parameters) {
  const changed = new URL(url, location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value === undefined || value === "") changed.searchParams.delete(name);
    else changed.searchParams.set(name, value);
  }
  return changed.href;
}

/** Aggregates by their names. */
export async function aggregates(url, names, more = {}) {
  const found = await json(withParameters(url, { aggregations: names.join(","), ...more }));
  return Object.fromEntries(found.aggregations.map((one) => [one.name, one]));
}

/** An element with attributes and children. Texts are texts: nothing becomes markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === undefined || value === null) continue;
    made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}
