(() => {
  const plots = JSON.parse(unpackFrom("packed-data"));
  const place = document.getElementById("profile");
  const buttons = [...document.querySelectorAll("[data-clock]")];
  let clock = "wall";

  // The figure names the style sheet's values, so that one serves light, dark and print.
  const resolved = (value, style) => {
    if (typeof value === "string") {
      const name = /^var\((--[\w-]+)\)$/.exec(value);
      return name ? style.getPropertyValue(name[1]).trim() : value;
    }
    if (value === null || typeof value !== "object") return value;
    if (Array.isArray(value)) return value.map((item) => resolved(item, style));
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolved(item, style)]));
  };
  const draw = () => {
    const { data, layout } = resolved(plots[clock], getComputedStyle(document.documentElement));
    Plotly.react(place, data, layout, { displayModeBar: false, responsive: true });
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      clock = button.dataset.clock;
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      draw();
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
})();
