const unpack = async (id) => {
  const letters = atob(document.getElementById(id).textContent);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < letters.length; i++) bytes[i] = letters.charCodeAt(i);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
};
const run = (source) => {
  const script = document.createElement("script");
  script.textContent = source;
  document.head.append(script);
};
// What the page draws with and what it draws; null where the browser is too old to unpack it.
const unpackAll = async () => {
  try {
    const [plotly, data] = await Promise.all([unpack("packed-plotly"), unpack("packed-data")]);
    run(plotly);
    return JSON.parse(data);
  } catch (error) {
    document.documentElement.classList.add("still");
    for (const banner of document.querySelectorAll(".too-old")) banner.hidden = false;
    console.error(error);
    return null;
  }
};
