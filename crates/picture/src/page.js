"use strict";
const map = document.querySelector(".map"), whole = map.getAttribute("viewBox").split(" ").map(Number);
let view = [...whole];
const show = () => map.setAttribute("viewBox", view.join(" "));
const zoom = (factor, x = view[0] + view[2] / 2, y = view[1] + view[3] / 2) => {
  const width = Math.min(whole[2], Math.max(0.01, view[2] * factor)), part = width / view[2];
  view = [x - (x - view[0]) * part, y - (y - view[1]) * part, width, view[3] * part];
  keep();
};
const keep = () => {
  view[0] = Math.min(whole[0] + whole[2] - view[2], Math.max(whole[0], view[0]));
  view[1] = Math.min(whole[1] + whole[3] - view[3], Math.max(whole[1], view[1]));
  show();
};
const place = event => {
  const box = map.getBoundingClientRect();
  return [view[0] + (event.clientX - box.left) / box.width * view[2], view[1] + (event.clientY - box.top) / box.height * view[3]];
};
map.addEventListener("wheel", event => { event.preventDefault(); zoom(event.deltaY < 0 ? 0.8 : 1.25, ...place(event)); }, { passive: false });
let held = null;
map.addEventListener("pointerdown", event => { held = place(event); map.setPointerCapture(event.pointerId); });
map.addEventListener("pointerup", () => { held = null; });
map.addEventListener("pointermove", event => {
  if (!held) return;
  const [x, y] = place(event);
  view[0] += held[0] - x;
  view[1] += held[1] - y;
  keep();
});
map.tabIndex = 0;
map.addEventListener("keydown", event => {
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (step) { view[0] += step[0] * view[2] / 8; view[1] += step[1] * view[3] / 8; keep(); }
  else if (event.key === "+") zoom(0.8);
  else if (event.key === "-") zoom(1.25);
  else return;
  event.preventDefault();
});
document.querySelector("#in").addEventListener("click", () => zoom(0.7));
document.querySelector("#out").addEventListener("click", () => zoom(1.4));
document.querySelector("#all").addEventListener("click", () => { view = [...whole]; show(); });
document.querySelector(".tools").hidden = false;
for (const entry of document.querySelectorAll("[data-footprint]")) {
  const footprint = document.getElementById("f" + entry.dataset.footprint);
  for (const [name, is] of [["pointerenter", true], ["pointerleave", false], ["focusin", true], ["focusout", false]])
    entry.addEventListener(name, () => footprint?.classList.toggle("chosen", is));
}
