// Writes COMPAT.md of the dialects: what is there is read from the exports, what is absent from the original's own list of
// names (test/goldens/signatures_*.json), arguments that are taken at their default only from the signatures. The words, and
// what a difference means, stand in packages/shims-<dialect>/compat.json.
//
//     node scripts/compat.mjs            # all, or: node scripts/compat.mjs torch (after a build)
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path) => JSON.parse(readFileSync(at(path), "utf8"));

export const dialects = ["torch", "keras", "jax", "flax"];

/** Packages of their own in Python. */
const publicName = (path) => path.replace(/^torch\.torchvision\b/, "torchvision").replace(/^jax\.optax\b/, "optax");

const isNamespace = (value) =>
  typeof value === "object" && value !== null && [null, Object.prototype].includes(Object.getPrototypeOf(value));

/**
 * Names by namespace: of modules everything that they hold, of the classes that have a section their members, but for what
 * `internal` says of the full name.
 */
export function exportedNames(root, dialect, sections, internal) {
  const found = new Map();
  const walk = (path, value) => {
    const names = Object.keys(value);
    found.set(publicName(path), names.toSorted());
    for (const name of names) {
      if (isNamespace(value[name])) walk(`${path}.${name}`, value[name]);
      const own = publicName(`${path}.${name}`);
      if (!Object.hasOwn(sections, own) || typeof value[name] !== "function") continue;
      const members = Object.getOwnPropertyNames(value[name].prototype);
      const shown = members.filter((each) => !/^(constructor|toString|_.*)$/.test(each) && !internal(`${own}.${each}`));
      found.set(own, shown.toSorted());
    }
  };
  walk(dialect, root);
  return found;
}

/** Arguments that are taken with one value only, by the public name of what takes them. */
export function onlyAtDefault(signatures, Only) {
  const found = new Map();
  for (const [name, forms] of signatures) {
    const only = forms.flatMap(({ parameters }) => parameters.filter(({ rule }) => rule instanceof Only));
    if (only.length > 0) found.set(name, [...new Set(only.map((each) => each.name))]);
  }
  return found;
}

/** Classes of the original that are namespaces here. */
const isChild = (exported, namespace, name) => exported.has(`${namespace}.${name}`);

const code = (names) => names.map((name) => `\`${name}\``).join(", ");

/** Lists of names are long: lines of some 120 characters. */
function wrapped(text, indent = "") {
  const lines = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${word}`.length <= 120) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(lines.length === 0 ? word : indent + word);
  }
  return lines.join("\n");
}

/** COMPAT.md of one dialect. `exported` and `only` are what the functions above give. */
export function compat({ dialect, exported, only }) {
  const { title, intro, sections, folded } = read(`packages/shims-${dialect}/compat.json`);
  const { names: original } = read(`test/goldens/signatures_${dialect}.json`);
  const lines = [
    "<!-- Made by scripts/compat.mjs: change compat.json beside this file, or the exports. -->",
    "",
    `# ${title}`,
    "",
  ];
  lines.push(...intro);
  for (const [namespace, { text = [], rows = [], inherits = [] }] of Object.entries(sections)) {
    const present = exported.get(namespace);
    if (!present) throw new Error(`compat.json of ${dialect} has a section ${namespace}, which is not exported`);
    const told = new Set(rows.flatMap(([, names]) => names.split(" ")));
    lines.push("", `## \`${namespace}\``, "", ...text, ...(text.length > 0 ? [""] : []));
    lines.push("| name | status | difference |", "|---|---|---|");
    const plain = present.filter((name) => !told.has(name));
    if (plain.length > 0) lines.push(`| ${code(plain)} | supported | |`);
    for (const [status, list, words] of rows) {
      const names = list.split(" ");
      // Members of an object that its class does not show (core) stand in the table alone.
      const isModule = !/\.[A-Z]\w*$/.test(namespace);
      for (const name of names)
        if (present.includes(name) ? status === "absent" : status !== "absent" && isModule)
          throw new Error(`compat.json of ${dialect}: ${namespace}.${name} is ${status}`);
      lines.push(`| ${code(names)} | ${status} | ${words} |`);
    }
    const byArgument = new Map();
    for (const name of present)
      for (const argument of only.get(`${namespace}.${name}`) ?? []) {
        if (!byArgument.has(argument)) byArgument.set(argument, []);
        byArgument.get(argument).push(name);
      }
    if (byArgument.size > 0) {
      lines.push("", "Taken at the default only, any other value throws:", "");
      for (const [argument, names] of [...byArgument].sort(([a], [b]) => (a < b ? -1 : 1)))
        lines.push(wrapped(`- \`${argument}\` of ${code(names)}`, "  "));
    }
    const above = new Set(inherits.flatMap((base) => [...(original[base] ?? []), ...(exported.get(base) ?? [])]));
    const absent = (original[namespace] ?? []).filter(
      (name) => !present.includes(name) && !told.has(name) && !above.has(name) && !isChild(exported, namespace, name),
    );
    if (absent.length > 0) lines.push("", wrapped(`Absent: ${code(absent)}.`));
  }
  const missing = [...exported.keys()].filter((name) => !Object.hasOwn(sections, name) && !folded.includes(name));
  if (missing.length > 0) throw new Error(`compat.json of ${dialect} has no section for ${missing.join(", ")}`);
  const whole = Object.entries(original).filter(
    ([name, list]) => !exported.has(name) && list.length > 0 && /^[a-z_.]+$/.test(name),
  );
  if (whole.length > 0) {
    lines.push("", "## Absent as a whole", "");
    for (const [name, list] of whole) lines.push(wrapped(`- \`${name}\`: ${code(list)}`, "  "));
  }
  return `${lines.join("\n")}\n`;
}

/** Classes whose objects refuse the names that they lack. */
const refusing = ["torch.Tensor", "torch.nn.Module", "torch.optim.Optimizer"];

/** original_names.ts of the PyTorch dialect: what the original's classes have. */
export function originalNames() {
  const { names } = read("test/goldens/signatures_torch.json");
  const rows = refusing.map((name) => {
    const lines = wrapped(names[name].join(" ")).split("\n");
    return [`  "${name}": \``, ...lines, "`,"].join("\n");
  });
  return `// Made by scripts/compat.mjs of the names that PyTorch's classes have.\nexport const originalNames = {\n${rows.join("\n")}\n} as const;\n`;
}

export const table = (dialect) => read(`packages/shims-${dialect}/compat.json`);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const given = process.argv.slice(2);
  const { signatures, Only } = await import(at("packages/dialect/dist/index.js"));
  const written = [];
  writeFileSync(at("packages/shims-torch/src/original_names.ts"), originalNames());
  for (const dialect of given.length > 0 ? given : dialects) {
    const root = await import(at(`packages/shims-${dialect}/dist/index.js`));
    const { sections, internal } = table(dialect);
    const patterns = internal.map((pattern) => new RegExp(pattern));
    const exported = exportedNames(root, dialect, sections, (name) => patterns.some((each) => each.test(name)));
    writeFileSync(
      at(`packages/shims-${dialect}/COMPAT.md`),
      compat({ dialect, exported, only: onlyAtDefault(signatures, Only) }),
    );
    written.push(dialect);
  }
  console.log(`written: COMPAT.md of ${written.join(", ")}`);
  process.exit(0);
}
