// Conditions of the filter: chosen by property, operation and value, shown one by one, taken away by a press. The text of the filter is all there is.
import { element, json } from "./ask.js";
import { and, atTime, compared, isJson, isNull, parts } from "./cql2.js";
import { kindOf } from "./facets.js";
import { words } from "./words.js";

const COMPARISONS = ["=", "<>", "<", "<=", ">", ">="];
const OPERATIONS = {
  number: COMPARISONS,
  time: COMPARISONS,
  string: ["=", "<>", "LIKE"],
  boolean: ["="],
  other: [],
};
const NULLS = { [words.isThere]: true, [words.notThere]: false };

function valueField(property) {
  const kind = kindOf(property);
  const options = property.enum ?? (kind === "boolean" ? [true, false] : null);
  const label = { "aria-label": words.value };
  if (options) return element("select", label, ...options.map((one) => element("option", { value: String(one) }, String(one))));
  if (kind === "number") return element("input", { ...label, type: "number", step: property.type === "integer" ? "1" : "any", min: property.minimum, max: property.maximum });
  if (kind === "time") return element("input", { ...label, type: "datetime-local", step: "1" });
  return element("input", { ...label, type: "text" });
}

export async function builder(place, form, go) {
  const filter = form.elements.namedItem("filter");
  if (isJson(filter.value)) return;
  const chips = element("ul", { class: "chips", "aria-label": words.conditions });
  const show = () => {
    const all = parts(filter.value);
    chips.replaceChildren(
      ...all.map((part, number) => {
        const chip = element("button", { type: "button", "aria-label": words.remove(part) }, part);
        chip.addEventListener("click", () => {
          filter.value = all.filter((_, other) => other !== number).join(" AND ");
          show();
          go();
        });
        return element("li", {}, chip);
      }),
    );
    chips.hidden = all.length === 0;
  };
  filter.addEventListener("input", show);
  place.hidden = false;
  place.replaceChildren(chips);
  show();
  const { properties } = await json(form.dataset.queryables);
  const names = Object.keys(properties).filter((name) => name !== "geometry");
  if (names.length === 0) return;
  const property = element("select", { "aria-label": words.property }, ...names.map((name) => element("option", { value: name }, name)));
  const operation = element("select", { "aria-label": words.operation });
  const holder = element("div");
  const add = element("button", { type: "button", class: "quiet" }, words.add);
  const choose = () => {
    const chosen = properties[property.value];
    const all = [...OPERATIONS[kindOf(chosen)], ...Object.keys(NULLS)];
    operation.replaceChildren(...all.map((one) => element("option", { value: one }, one)));
    holder.replaceChildren(valueField(chosen));
    operate();
  };
  const operate = () => {
    holder.hidden = operation.value in NULLS;
  };
  property.addEventListener("change", choose);
  operation.addEventListener("change", operate);
  add.addEventListener("click", () => {
    const name = property.value;
    const op = operation.value;
    const { value } = holder.firstChild;
    const kind = kindOf(properties[name]);
    if (op in NULLS) filter.value = and(filter.value, isNull(name, NULLS[op]));
    else if (value === "") return holder.firstChild.focus();
    else if (kind === "time") filter.value = and(filter.value, atTime(name, op, new Date(`${value}Z`).toISOString()));
    else filter.value = and(filter.value, compared(name, op, kind === "number" || kind === "boolean" ? JSON.parse(value) : value));
    show();
    go();
  });
  const row = element("div", { class: "row", role: "group", "aria-label": words.condition }, property, operation, holder, add);
  place.append(row);
  choose();
}
