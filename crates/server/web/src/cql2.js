// Conditions of CQL2, as text: a filter is what stands in the form, so that conditions are added to its text and taken out of it.

const name = (property) => `"${property.replaceAll('"', '""')}"`;
const literal = (value) => (typeof value === "string" ? `'${value.replaceAll("'", "''")}'` : String(value));

/** PROPERTY OP VALUE */
export const compared = (property, op, value) => `${name(property)} ${op} ${literal(value)}`;
export const isNull = (property, isThere) => `${name(property)} IS ${isThere ? "NOT " : ""}NULL`;
export const between = (property, from, to) => `${name(property)} >= ${from} AND ${name(property)} < ${to}`;
export const atTime = (property, op, instant) => `${name(property)} ${op} TIMESTAMP('${instant}')`;

/** Both. An OR at the top of the filter binds less than the AND that comes. */
export function and(filter, condition) {
  const before = filter.trim();
  if (before === "") return condition;
  const hasOr = /\bor\b/i.test(before) && parts(before).length === 1;
  return `${hasOr ? `(${before})` : before} AND ${condition}`;
}

export const isJson = (filter) => filter.trim().startsWith("{");

/** The conditions that a filter joins by AND at its top; the whole where it cannot be told. */
export function parts(filter) {
  const found = [];
  let depth = 0;
  let quote = "";
  let start = 0;
  let isBetween = false;
  for (let at = 0; at < filter.length; at += 1) {
    const c = filter[at];
    if (quote) {
      if (c === quote) quote = "";
    } else if (c === "'" || c === '"') quote = c;
    else if (c === "(") depth += 1;
    else if (c === ")") depth -= 1;
    else if (depth === 0 && /[\s)"']/.test(filter[at - 1] ?? " ")) {
      const rest = filter.slice(at, at + 8);
      if (/^or[\s("']/i.test(rest)) return [filter.trim()];
      if (/^between\s/i.test(rest)) isBetween = true;
      else if (/^and[\s("']/i.test(rest)) {
        if (isBetween) isBetween = false;
        else {
          found.push(filter.slice(start, at).trim());
          start = at + 3;
        }
      }
    }
  }
  found.push(filter.slice(start).trim());
  return found.filter(Boolean);
}
