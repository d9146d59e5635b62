// What is not the client's code but goes with it: its types, its example, and what it needs of where it
// runs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Client } from 'offshoot-client';
import { TYPES, types } from '../scripts/types.js';

const run = promisify(execFile);
const url = process.env.OFFSHOOT_URL ?? 'http://127.0.0.1:8080';
const client = new Client({ baseUrl: url, apiKey: process.env.OFFSHOOT_KEY });
const folder = new URL('..', import.meta.url);

test('api.d.ts is what the server says', async () => {
  assert.equal(await readFile(TYPES, 'utf8'), await types(url), 'npm run types writes it anew');
});

test("the specification's example runs", async (t) => {
  const main = client.branch('main');
  await main.execute('CREATE TABLE users (id INTEGER PRIMARY KEY, active BOOLEAN)');
  t.after(() => main.execute('DROP TABLE users'));
  await main.insert('users', [{ active: true }, { active: false }, { active: true }]);
  const { stdout } = await run(process.execPath, ['examples/specification.js'], { cwd: folder });
  assert.equal(stdout, '2 rows on feature-auth, which is merged\n');
  await assert.rejects(client.branches.get('feature-auth'), { code: 'BRANCH_NOT_FOUND' });
});

// Browsers and the edge have none of Node's modules and globals: here the client is given these alone.
const WEB = ['AbortSignal', 'fetch', 'Headers', 'setTimeout', 'URL'];

test('it needs nothing but the web', async () => {
  const script = `
    import { readFileSync } from 'node:fs';
    import { SourceTextModule, createContext } from 'node:vm';
    const context = createContext({ ${WEB.join(', ')} });
    const modules = new Map();
    const load = (url) => {
      const read = () => new SourceTextModule(readFileSync(url, 'utf8'), { context, identifier: url.href });
      return modules.get(url.href) ?? modules.set(url.href, read()).get(url.href);
    };
    const client = load(new URL('${new URL('src/index.js', folder)}'));
    await client.link((specifier, from) => {
      if (!specifier.startsWith('./')) throw new Error(specifier + ' is no file of the client');
      return load(new URL(specifier, from.identifier));
    });
    await client.evaluate();
    const { Client } = client.namespace;
    const main = new Client({ baseUrl: process.env.OFFSHOOT_URL, apiKey: process.env.OFFSHOOT_KEY }).branch();
    console.log((await main.query('SELECT $1', [7])).scalar());`;
  const node = ['--no-warnings', '--experimental-vm-modules', '--input-type=module', '--eval', script];
  const { stdout } = await run(process.execPath, node, { cwd: folder, env: { ...process.env, OFFSHOOT_URL: url } });
  assert.equal(stdout, '7\n');
});
