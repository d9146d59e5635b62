// Runs the golden scripts on WebAssembly and prints how large the program is.
//
//   node run.mjs PROGRAM.wasm NATIVE SCRIPTS
//
// Each script must give what stands in its file, and the commit ids that the program NATIVE gives.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const [program, native, root] = process.argv.slice(2);
const binary = readFileSync(program);
const module = new WebAssembly.Module(binary);

// Crates below name JavaScript as their source of randomness. The core must never ask for any, so
// whatever is imported fails when it is called.
const imports = {};
for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
  if (kind !== "function") throw new Error(`a ${kind} is imported: ${from}.${name}`);
  imports[from] ??= {};
  imports[from][name] = () => {
    throw new Error(`${name} of the host is called`);
  };
}

function run(script) {
  // Each script has a memory of its own: one that trapped must not spoil the next.
  const { exports } = new WebAssembly.Instance(module, imports);
  const output = () =>
    Buffer.from(exports.memory.buffer, exports.output() >>> 0, exports.output_len() >>> 0).toString();
  try {
    const at = exports.input(script.length) >>> 0;
    new Uint8Array(exports.memory.buffer, at, script.length).set(script);
    exports.run();
  } catch (error) {
    return { error: `${error.message}: ${output()}` };
  }
  const [given, commits] = output().split("\0");
  return { given, commits };
}

function firstDifference(given, expected) {
  const [left, right] = [given.split("\n"), expected.split("\n")];
  const line = left.findIndex((text, i) => text !== right[i]);
  const at = line < 0 ? left.length : line;
  return `line ${at + 1} is ${JSON.stringify(left[at])}, in the file ${JSON.stringify(right[at])}`;
}

const paths = readdirSync(root, { recursive: true })
  .filter((path) => path.endsWith(".sql"))
  .map((path) => join(root, path))
  .sort();
if (paths.length === 0) throw new Error(`no scripts in ${root}`);
const lines = execFileSync(native, paths, { encoding: "utf8", maxBuffer: 1 << 28 }).trimEnd();
const recorded = new Map(lines.split("\n").map((line) => line.split("\t")));

const start = performance.now();
let [wrong, commits] = [0, 0];
for (const path of paths) {
  const script = readFileSync(path);
  const answer = run(script);
  const complain = (what) => {
    wrong += 1;
    console.error(`${relative(root, path)}: ${what}`);
  };
  if (answer.error !== undefined) complain(answer.error);
  else if (answer.given !== script.toString()) {
    complain(firstDifference(answer.given, script.toString()));
  } else if (answer.commits !== recorded.get(path)) complain("commit ids are not those made natively");
  else commits += answer.commits.split(" ").filter(Boolean).length;
}
const seconds = ((performance.now() - start) / 1000).toFixed(1);

const size = (bytes) => `${(bytes / 1e6).toFixed(2)} MB`;
console.log(
  `release wasm: ${size(binary.length)}, ${size(gzipSync(binary).length)} gzip, ` +
    `${size(brotliCompressSync(binary).length)} brotli`,
);
if (wrong > 0 || commits === 0) {
  console.error(`${wrong} of ${paths.length} golden scripts are wrong on wasm`);
  process.exit(1);
}
console.log(`${paths.length} golden scripts, ${commits} commit ids, same as natively, ${seconds} s`);
