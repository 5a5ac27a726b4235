const keyOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.sort === undefined ? cell.textContent : Number(cell.dataset.sort);
};
const order = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true }));
const sort = (table, column, down) => {
  const rows = [...table.tBodies[0].rows];
  const sorted = [...rows].sort((a, b) => (down ? -1 : 1) * order(keyOf(a, column), keyOf(b, column)));
  if (sorted.some((row, i) => row !== rows[i])) table.tBodies[0].append(...sorted);
};
const sortBy = (head) => {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of head.parentElement.cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  sort(head.closest("table"), head.cellIndex, down);
};
// After the numbers have changed.
const sortAgain = () => {
  for (const head of document.querySelectorAll("th[aria-sort]")) {
    sort(head.closest("table"), head.cellIndex, head.getAttribute("aria-sort") === "descending");
  }
};
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = head.querySelector("button");
    if (table.tBodies[0].rows[0]?.cells[column]?.dataset.sort !== undefined) button.classList.add("number");
    button.addEventListener("click", () => sortBy(head));
  });
}
