const { plots, changes } = JSON.parse(unpackFrom("packed-data"));
const root = document.documentElement;
const state = { stop: changes.own, scale: "linear", range: "near", hidden: new Set() };
const coarse = matchMedia("(pointer: coarse)");
const places = [...document.querySelectorAll(".plot")];
const ownLabels = new Map(places.map((place) => [place, place.getAttribute("aria-label")]));

// Figures name the style sheet's values, so that one figure serves light, dark and print.
const resolved = (value, style) => {
  if (typeof value === "string") {
    const name = /^var\((--[\w-]+)\)$/.exec(value);
    return name ? style.getPropertyValue(name[1]).trim() : value;
  }
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return typeof value[0] === "number" ? value : value.map((item) => resolved(item, style));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, style)]));
};

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const changed = (base, change) => {
  const copy = Array.isArray(base) ? [...base] : { ...base };
  for (const [key, value] of Object.entries(change ?? {})) {
    copy[key] = isObject(value) && typeof base[key] === "object" ? changed(base[key], value) : value;
  }
  return copy;
};

// The plot at the chosen target: what does not move is that of the race's own.
const atTarget = (plot, change) => ({
  ...plot,
  data: plot.data.map((trace) => (change?.data?.[trace.uid] ? changed(trace, change.data[trace.uid]) : trace)),
  layout: changed(plot.layout, change?.layout),
  log: plot.log && changed(plot.log, change?.log),
  zoom: plot.zoom && changed(plot.zoom, change?.zoom),
});

// The line of one seed through the lanes shown, dotted to and from a run that missed the target.
const joined = (trace, row) => {
  const points = trace.y.map((lane, i) => ({ x: trace.x[i], y: row.get(lane), hit: trace.customdata[i] }));
  const shown = points.filter((point) => point.y !== undefined);
  const lines = { solid: { x: [], y: [] }, dot: { x: [], y: [] } };
  shown.forEach((point, i) => {
    const before = shown[i - 1];
    if (!before || point.y !== before.y + 1) return;  // a lane without a run of this seed lies between
    const line = lines[before.hit && point.hit ? "solid" : "dot"];
    line.x.push(before.x, point.x, null);
    line.y.push(before.y, point.y, null);
  });
  return Object.entries(lines).map(([dash, line]) => ({
    ...trace, ...line, customdata: undefined, uid: `${trace.uid}-${dash}`, line: { ...trace.line, dash },
  }));
};

// Where every lane is a row, hidden lanes leave no gap.
const closedUp = (data, layout, rows) => {
  const { tickvals, ticktext } = layout.yaxis;
  const shown = tickvals.filter((lane) => !state.hidden.has(lane));
  const row = new Map(shown.map((lane, i) => [lane, i]));
  layout.yaxis.ticktext = ticktext.filter((_, i) => row.has(tickvals[i]));
  layout.yaxis.tickvals = [...row.values()];
  layout.yaxis.range = [Math.max(1, shown.length) - 0.4, -0.6];
  layout.height = rows.frame + rows.each * Math.max(1, shown.length);
  return data.flatMap((trace) =>
    trace.meta?.joins ? joined(trace, row) : [{ ...trace, y: trace.y.map((lane) => row.get(lane)) }]);
};

const draw = (place) => {
  const { figure, panel } = place.dataset;
  const move = changes.plots[state.stop]?.[figure];
  const plot = resolved(atTarget(plots[figure][panel], move?.panels[panel]), getComputedStyle(root));
  const { layout, log, zoom, rows } = plot;
  let data = plot.data.filter((trace) => !state.hidden.has(trace.meta?.lane));
  if (rows) data = closedUp(data, layout, rows);
  if (log && state.scale === "log") Object.assign(layout.xaxis, log);
  if (zoom && state.range === "near") Object.assign(layout.xaxis, zoom[state.scale]);
  if (zoom && state.range === "whole") delete layout.yaxis.range;
  layout.width = place.clientWidth;
  layout.dragmode = coarse.matches ? false : "zoom";  // a finger scrolls the page
  place.style.minHeight = `${layout.height}px`;
  place.setAttribute("aria-label", move?.alt ?? ownLabels.get(place));
  Plotly.react(place, data.filter((trace) => trace.x.length), layout, { displayModeBar: false });
};

// Only what can be seen is drawn at once; the rest when it comes near.
const stale = new Set();
const near = new Set();
let waiting = false;
const drawNear = () => {
  waiting = false;
  for (const place of near) if (stale.delete(place)) draw(place);
};
const redraw = () => {
  for (const place of places) stale.add(place);
  if (!waiting) requestAnimationFrame(drawNear);
  waiting = true;
};
const drawAll = () => {
  stale.clear();
  for (const place of places) draw(place);
};
const sight = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) near[isIntersecting ? "add" : "delete"](target);
  drawNear();
}, { rootMargin: "400px" });
for (const place of places) sight.observe(place);

const isOn = ([key, value]) => (key === "lane" ? !state.hidden.has(Number(value)) : state[key] === value);
const press = (button) => {
  const [[name, value]] = Object.entries(button.dataset);
  const lanes = [...document.querySelectorAll("[data-lane]")].map((other) => Number(other.dataset.lane));
  if (name === "all") state.hidden = new Set(value === "true" ? [] : lanes);
  else if (name !== "lane") state[name] = value;
  else if (!state.hidden.delete(Number(value))) state.hidden.add(Number(value));
  for (const other of document.querySelectorAll(".controls [aria-pressed]")) {
    other.setAttribute("aria-pressed", String(isOn(Object.entries(other.dataset)[0])));
  }
  redraw();
};
for (const button of document.querySelectorAll(".controls button")) button.addEventListener("click", () => press(button));

let width = 0;
new ResizeObserver(([main]) => {
  if (main.contentRect.width !== width) redraw();
  width = main.contentRect.width;
}).observe(document.querySelector("main"));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
