// The English texts of the scripts. Those of the server are in `src/represent/html/words.rs`.
const numbers = new Intl.NumberFormat("en");

export const many = (count) => numbers.format(count);
export const items = (count) => (count === 1 ? "1 Item" : `${many(count)} Items`);

export const words = {
  add: "Add condition",
  conditions: "Conditions in the filter; press one to take it away",
  cannotAsk: (why) => `This could not be counted: ${why}`,
  cannotDraw: "The map cannot be drawn here: the browser has no WebGL. The outline shows the footprints of this page.",
  cannotLoad: (why) => `The map could not load its Items: ${why}`,
  condition: "Condition",
  copied: "Copied",
  copy: "Copy",
  counting: "Counting …",
  drawing: "Press on the map and drag to the opposite corner. Escape ends it.",
  isThere: "is there",
  loading: "Loading …",
  mapKeys: "Map of the Items. Arrow keys move it, + and - zoom.",
  loadingMap: "The map is loading …",
  most: (what, count) => `most of them ${what}: ${many(count)}`,
  noFacets: "There are no properties to choose by.",
  noTimes: "None of these Items has a time.",
  notThere: "is not there",
  operation: "Operation",
  others: (count) => `${many(count)} others`,
  property: "Property",
  reading: "Reading the file …",
  remove: (what) => `Take away ${what}`,
  sending: (count) => `Sending ${items(count)} …`,
  timeHint: "Drag over the bars to choose a time.",
  timeLine: (total, from, to) => `Time line: ${items(total)} from ${from} to ${to}`,
  unplaced: (count) => `${many(count)} without a time`,
  uploadBad: (line, why) => `Line ${line} is not JSON: ${why}`,
  uploadDone: (created, replaced, refused) => `${many(created)} added, ${many(replaced)} replaced, ${many(refused)} refused.`,
  uploadEmpty: "There are no Items in this file.",
  uploadFailed: (why) => `Nothing is known of what became of the Items: ${why}`,
  uploadOk: "added",
  value: "Value",
  without: "no value",
};
