// On paper: light, as wide as the sheet, and nothing folded away.
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details:not([open])")];
  for (const details of folded) details.open = true;
  root.classList.add("printing");
  drawAll();
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
  root.classList.remove("printing");
  redraw();
});
