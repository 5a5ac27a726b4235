"use strict";
(() => {
  const plots = JSON.parse(document.getElementById("plots").textContent);
  const root = document.documentElement;
  const state = { clock: "wall", scale: "linear", range: "near", hidden: new Set() };
  const coarse = matchMedia("(pointer: coarse)");

  // Figures name the style sheet's values, so that one figure serves light, dark and print.
  const resolved = (value, style) => {
    if (typeof value === "string") {
      const name = /^var\((--[\w-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map((item) => resolved(item, style));
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, style)]));
  };

  const draw = () => {
    const style = getComputedStyle(root);
    for (const place of document.querySelectorAll(".plot")) {
      const views = plots[place.dataset.figure][place.dataset.panel];
      const { data, layout, log } = resolved(views[state.clock] ?? views.wall, style);
      const shown = data.filter((trace) => !state.hidden.has(trace.meta?.lane));
      if (place.dataset.figure === "metric") {
        if (state.scale === "log") Object.assign(layout.xaxis, log);
        if (state.range === "whole") delete layout.yaxis.range;
      }
      layout.width = place.clientWidth;
      layout.dragmode = coarse.matches ? false : "zoom";  // a finger scrolls the page
      Plotly.react(place, shown, layout, { displayModeBar: false });
    }
  };

  const press = (button) => {
    const [[name, value]] = Object.entries(button.dataset);
    if (name === "lane") {
      if (!state.hidden.delete(Number(value))) state.hidden.add(Number(value));
    } else {
      state[name] = value;
    }
    for (const other of document.querySelectorAll(".controls button")) {
      const [[key, own]] = Object.entries(other.dataset);
      const on = key === "lane" ? !state.hidden.has(Number(own)) : state[key] === own;
      other.setAttribute("aria-pressed", String(on));
    }
    draw();
  };

  const sortBy = (head, column) => {
    const body = head.closest("table").tBodies[0];
    const down = head.getAttribute("aria-sort") === "ascending";
    const value = (row) => {
      const cell = row.cells[column];
      return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
    };
    const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
    const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * order(value(a), value(b)));
    for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows);
  };

  for (const button of document.querySelectorAll(".controls button")) button.addEventListener("click", () => press(button));
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = head.querySelector("button");
      if (table.tBodies[0].rows[0]?.cells[column]?.dataset.sort !== undefined) button.classList.add("number");
      button.addEventListener("click", () => sortBy(head, column));
    });
  }

  // On paper: light, as wide as the sheet, and nothing folded away.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const details of folded) details.open = true;
    root.classList.add("printing");
    draw();
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
    root.classList.remove("printing");
    draw();
  });
  let width = 0;
  new ResizeObserver(([main]) => {
    if (main.contentRect.width !== width) requestAnimationFrame(draw);
    width = main.contentRect.width;
  }).observe(document.querySelector("main"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
})();
