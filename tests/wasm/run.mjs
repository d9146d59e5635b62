// Runs the golden scripts and the statements of sqllogictest records on WebAssembly, and prints how
// large the program is.
//
//   node run.mjs PROGRAM.wasm NATIVE SCRIPTS RECORDS.json
//
// Each script must give what stands in its file, and the commit ids that the program NATIVE gives.
// Each statement of RECORDS.json must give the answer that was recorded natively, commit ids included.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

const [program, native, root, tape] = process.argv.slice(2);
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

/** What the exported function `name` gives for some bytes. */
function call(name, input) {
  // Each input has a memory of its own: one that trapped must not spoil the next.
  const { exports } = new WebAssembly.Instance(module, imports);
  const output = () =>
    Buffer.from(exports.memory.buffer, exports.output() >>> 0, exports.output_len() >>> 0).toString();
  try {
    const at = exports.input(input.length) >>> 0;
    new Uint8Array(exports.memory.buffer, at, input.length).set(input);
    exports[name]();
  } catch (error) {
    return { error: `${error.message}: ${output()}` };
  }
  return { output: output() };
}

function firstDifference(given, expected) {
  const [left, right] = [given.split("\n"), expected.split("\n")];
  const line = left.findIndex((text, i) => text !== right[i]);
  const at = line < 0 ? left.length : line;
  return `line ${at + 1} is ${JSON.stringify(left[at])}, in the file ${JSON.stringify(right[at])}`;
}

function seconds(start) {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** Runs the golden scripts; returns whether all are right. */
function goldenScripts() {
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
    const { error, output } = call("run", script);
    const complain = (what) => {
      wrong += 1;
      console.error(`${relative(root, path)}: ${what}`);
    };
    if (error !== undefined) {
      complain(error);
      continue;
    }
    const [given, ids] = output.split("\0");
    if (given !== script.toString()) complain(firstDifference(given, script.toString()));
    else if (ids !== recorded.get(path)) complain("commit ids are not those made natively");
    else commits += ids.split(" ").filter(Boolean).length;
  }
  if (wrong > 0 || commits === 0) {
    console.error(`${wrong} of ${paths.length} golden scripts are wrong on wasm`);
    return false;
  }
  const count = `${paths.length} golden scripts, ${commits} commit ids`;
  console.log(`${count}, same as natively, ${seconds(start)}`);
  return true;
}

/** Runs the statements of the records; returns whether all are answered as natively. */
function records() {
  const files = JSON.parse(readFileSync(tape, "utf8"));
  const start = performance.now();
  let [wrong, same, passed] = [0, 0, 0];
  for (const file of files) {
    passed += file.passed;
    const text = file.records.map(([session, sql]) => `${session}\x01${sql}\0`).join("");
    const { error, output } = call("run_statements", Buffer.from(text));
    const given = error === undefined ? output.split("\0") : [];
    if (error !== undefined) console.error(`${file.file}: ${error}`);
    file.records.forEach(([, sql, answer], i) => {
      if (given[i] === answer) {
        same += 1;
        return;
      }
      wrong += 1;
      if (error === undefined) {
        console.error(`${file.file}:\n${sql}\nwasm:   ${given[i]}\nnative: ${answer}`);
      }
    });
  }
  if (wrong > 0 || passed === 0) {
    console.error(`${wrong} of ${wrong + same} statements of records are answered otherwise on wasm`);
    return false;
  }
  console.log(
    `${same} statements of sqllogictest records in ${files.length} files (${passed} passed ` +
      `natively), each answered as natively, ${seconds(start)}`,
  );
  return true;
}

// The same program without the records' engine, built before the SQL layer was (docs/benchmarks.md,
// "Size"): raw, gzip, brotli.
const before = [4_816_532, 1_458_404, 1_021_753];
const now = [binary, gzipSync(binary), brotliCompressSync(binary)].map((bytes) => bytes.length);
["raw", "gzip", "brotli"].forEach((form, i) => {
  const grown = (((now[i] - before[i]) / before[i]) * 100).toFixed(1);
  console.log(`release wasm, ${form}: ${before[i]} bytes before, ${now[i]} now (${grown} %)`);
});
const right = [goldenScripts(), records()];
if (!right.every(Boolean)) process.exit(1);
