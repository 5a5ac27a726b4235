const select = (element) => {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
};
// The clipboard may be closed to a page that was opened as a file.
const copy = async (button) => {
  const source = document.getElementById(button.dataset.copy);
  const status = button.nextElementSibling;
  try {
    await navigator.clipboard.writeText(source.textContent);
    status.textContent = "Copied.";
  } catch {
    select(source);
    status.textContent = "Selected: copy it with your keyboard.";
  }
};
for (const button of document.querySelectorAll("[data-copy]")) button.addEventListener("click", () => copy(button));
