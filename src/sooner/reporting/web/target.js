const slider = document.getElementById("target");
if (slider) {
  const elements = new Map();
  for (const element of document.querySelectorAll("[data-at]")) {
    const { at } = element.dataset;
    elements.set(at, [...(elements.get(at) ?? []), element]);
  }
  const texts = Object.entries(changes.places).map(([name, strings]) => {
    const [place, attribute] = name.split("@");
    return { elements: elements.get(place) ?? [], attribute, strings };
  });
  const back = document.getElementById("back");
  const status = document.getElementById("announcement");
  const at = (name, stop) => changes.strings[changes.places[name][stop]];
  let speaking;

  const write = (element, attribute, text) => {
    if (attribute === undefined) element.textContent = text;
    else if (attribute === "html") element.innerHTML = text;
    else element.setAttribute(attribute, text);
  };
  const move = (stop) => {
    const before = state.stop;
    if (stop === before) return;
    state.stop = stop;
    for (const { elements, attribute, strings } of texts) {
      if (strings[stop] === strings[before]) continue;
      for (const element of elements) write(element, attribute, changes.strings[strings[stop]]);
    }
    const own = stop === changes.own;
    slider.value = stop;
    slider.setAttribute("aria-valuetext", at("goal", stop) + (own ? ", the race’s own" : ""));
    back.setAttribute("aria-disabled", String(own));
    for (const banner of document.querySelectorAll(".moved")) banner.hidden = own;
    root.classList.toggle("elsewhere", !own);
    clearTimeout(speaking);
    speaking = setTimeout(() => { status.textContent = at("announcement", stop); }, 500);
    sortAgain();
    redraw();
  };
  slider.addEventListener("input", () => move(Number(slider.value)));
  back.addEventListener("click", () => move(changes.own));
  slider.value = changes.own;  // a browser may restore another on reload
}
