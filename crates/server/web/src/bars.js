// Bars of a histogram, over which one drags to choose a part of it.
import { element } from "./ask.js";
import { many } from "./words.js";

/**
 * Bars; `all` are `{label, count}` in their order. `chosen(first, last)` is called with the numbers of the bars that were dragged over. Whoever has no
 * pointer has a field for the same, which `label` says.
 */
export function bars(all, label, chosen) {
  const most = Math.max(1, ...all.map(({ count }) => count));
  const chart = element("div", { class: "bars", role: "img", "aria-label": label });
  for (const { label: name, count } of all) {
    const bar = element("i", { title: `${name}: ${many(count)}` });
    // What is there is seen, however little it is beside the rest.
    bar.style.height = count > 0 ? `${Math.max(2, (100 * count) / most)}%` : "0";
    chart.append(bar);
  }
  const brush = element("div", { class: "brush", hidden: true });
  chart.append(brush);
  const at = (event) => {
    const { left, width } = chart.getBoundingClientRect();
    return Math.min(all.length - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * all.length)));
  };
  let start = null;
  const show = (one, other) => {
    const [first, last] = [Math.min(one, other), Math.max(one, other)];
    brush.hidden = false;
    brush.style.left = `${(100 * first) / all.length}%`;
    brush.style.width = `${(100 * (last - first + 1)) / all.length}%`;
    return [first, last];
  };
  chart.addEventListener("pointerdown", (event) => {
    start = at(event);
    chart.setPointerCapture(event.pointerId);
    show(start, start);
  });
  chart.addEventListener("pointermove", (event) => {
    if (start !== null) show(start, at(event));
  });
  chart.addEventListener("pointerup", (event) => {
    if (start === null) return;
    const [first, last] = show(start, at(event));
    start = null;
    chosen(first, last);
  });
  chart.addEventListener("pointercancel", () => {
    start = null;
    brush.hidden = true;
  });
  return chart;
}
