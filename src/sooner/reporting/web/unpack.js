// Unpacks what gzip wrote (RFC 1951 and 1952). The browser's DecompressionStream would be done only after the page has
// loaded: whatever prints the page by then would print it without its figures.
const reversed = (code, length) => {
  let turned = 0;
  for (let i = 0; i < length; i++) turned |= ((code >> i) & 1) << (length - 1 - i);
  return turned;
};

// By the next bits of the input, the symbol that they begin with and how many of them it takes.
const lookup = (lengths) => {
  const longest = Math.max(...lengths);
  const entries = new Uint16Array(1 << longest);
  let code = 0;
  for (let length = 1; length <= longest; length++, code <<= 1) {
    lengths.forEach((each, symbol) => {
      if (each !== length) return;
      for (let i = reversed(code, length); i < entries.length; i += 1 << length) entries[i] = (symbol << 4) | length;
      code += 1;
    });
  }
  return { entries, longest };
};

const FIXED = [[144, 8], [112, 9], [24, 7], [8, 8]].flatMap(([count, length]) => Array(count).fill(length));
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const gunzip = (bytes) => {
  const out = new Uint8Array(new DataView(bytes.buffer).getUint32(bytes.length - 4, true));
  let end = 0;
  let at = 10;  // behind a header without extra fields
  let hold = 0;
  let held = 0;
  const fill = (count) => {
    for (; held < count; held += 8) hold |= bytes[at++] << held;
  };
  const drop = (count) => {
    hold >>>= count;
    held -= count;
  };
  const bits = (count) => {
    fill(count);
    const value = hold & ((1 << count) - 1);
    drop(count);
    return value;
  };
  const symbol = ({ entries, longest }) => {
    fill(longest);
    const entry = entries[hold & (entries.length - 1)];
    drop(entry & 15);
    return entry >> 4;
  };
  const copied = (code) => {
    if (code < 8) return 3 + code;
    if (code === 28) return 258;
    const extra = (code >> 2) - 1;
    return 3 + ((4 + (code & 3)) << extra) + bits(extra);
  };
  const distance = (code) => {
    if (code < 4) return 1 + code;
    const extra = (code >> 1) - 1;
    return 1 + ((2 + (code & 1)) << extra) + bits(extra);
  };
  const stored = () => {
    drop(held & 7);
    const count = bits(16);
    bits(16);
    for (const last = end + count; end < last;) out[end++] = bits(8);
  };
  const tables = () => {
    const literals = 257 + bits(5);
    const distances = 1 + bits(5);
    const own = Array(19).fill(0);
    for (let i = 0, count = 4 + bits(4); i < count; i++) own[ORDER[i]] = bits(3);
    const code = lookup(own);
    const lengths = [];
    while (lengths.length < literals + distances) {
      const length = symbol(code);
      if (length < 16) lengths.push(length);
      else if (length === 16) lengths.push(...Array(3 + bits(2)).fill(lengths.at(-1)));
      else lengths.push(...Array(length === 17 ? 3 + bits(3) : 11 + bits(7)).fill(0));
    }
    return [lookup(lengths.slice(0, literals)), lookup(lengths.slice(literals))];
  };
  const compressed = ([literals, distances]) => {
    for (let code = symbol(literals); code !== 256; code = symbol(literals)) {
      if (code < 256) {
        out[end++] = code;
        continue;
      }
      const count = copied(code - 257);
      const back = distance(symbol(distances));
      for (const last = end + count; end < last; end++) out[end] = out[end - back];
    }
  };
  for (let last = 0; !last;) {
    last = bits(1);
    const kind = bits(2);
    if (kind === 0) stored();
    else compressed(kind === 1 ? [lookup(FIXED), lookup(Array(30).fill(5))] : tables());
  }
  return out;
};

const unpack = (letters) => {
  const text = atob(letters);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return new TextDecoder().decode(gunzip(bytes));
};
const unpackFrom = (id) => unpack(document.getElementById(id).textContent);
// An element, since the page's policy forbids to evaluate text.
const run = (source) => {
  const script = document.createElement("script");
  script.textContent = source;
  document.head.append(script);
};
run(unpackFrom("packed-plotly"));
