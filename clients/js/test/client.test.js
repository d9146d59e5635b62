// The client against a server: OFFSHOOT_URL, with the key OFFSHOOT_KEY if it wants one. Run by
// `cargo xtask clients`, or by hand with `npm test`.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApiError, AsOf, Client, ConnectionLost, Denied, MergeConflict, NotConnected, NotFound, RateLimited } from 'offshoot-client';

const baseUrl = process.env.OFFSHOOT_URL ?? 'http://127.0.0.1:8080';
const apiKey = process.env.OFFSHOOT_KEY;
const client = new Client({ baseUrl, apiKey });
const listed = async (rows) => {
  const all = [];
  for await (const row of rows) all.push(row);
  return all;
};

// Each test works on a branch of its own, so that tests do not meet.
let name, branch;
let number = 0;
beforeEach(async () => {
  name = `js/${process.pid}-${(number += 1)}`;
  await client.branches.create({ name, displayName: 'A test' });
  branch = client.branch(name);
});
afterEach(() => client.branches.delete(name, { force: true }));

async function users() {
  await branch.execute('CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, age INTEGER)');
  return branch.insert('users', [{ name: 'Ada', age: 36 }, { name: 'Grace', age: 85 }]);
}

describe('branches', () => {
  test('a branch is made, found, changed and deleted', async () => {
    const made = await client.branches.create({
      name: `${name}/x`, sourceBranch: name, asOf: { type: 'now' }, metadata: { ticket: 7 }, options: { readOnly: true },
    });
    assert.equal(made.source_branch, name);
    const found = await client.branches.get(made.name, { includeHistory: true });
    assert.deepEqual(found.metadata, { ticket: 7 });
    assert.equal(found.divergence.commits_ahead, 0);
    assert.ok(Array.isArray(found.history));
    await assert.rejects(client.branch(made.name).execute('CREATE TABLE t (i INTEGER)'), Denied);
    const changed = await client.branches.update(made.id, { displayName: 'Another' });
    assert.equal(changed.display_name, 'Another');
    assert.equal((await client.branches.delete(made.name)).deleted, true);
    await assert.rejects(client.branch(made.name).details(), (error) => {
      assert.ok(error instanceof NotFound && error.requestId);
      assert.deepEqual([error.status, error.code], [404, 'BRANCH_NOT_FOUND']);
      assert.ok(error.message.includes(made.name));
      return true;
    });
  });

  test('lists come by page or whole', async () => {
    const page = await client.branches.list({ limit: 1, sort: 'name', order: 'asc' });
    assert.equal(page.branches.length, 1);
    const names = (await listed(client.branches.all({ status: 'active' }))).map((one) => one.name);
    assert.ok(names.includes('main') && names.includes(name));
  });

  test('the server and its graph', async () => {
    assert.equal(await client.health(), true);
    assert.equal((await client.version()).api_version, 'v1');
    const { branches } = await client.graph({ limit: 10 });
    assert.ok(branches.some((one) => one.name === name));
    assert.equal((await client.request('GET', '/v1/branches', { query: { limit: 1 } })).branches.length, 1);
  });
});

describe('rows', () => {
  test('are put in, read, changed and deleted', async () => {
    assert.deepEqual((await users()).ids, [1, 2]);
    assert.equal((await branch.insert('users', { name: 'Edsger' })).inserted, 1);
    const page = await branch.page('users', { columns: ['name'], filter: 'age > 40', limit: 5 });
    assert.deepEqual([page.columns, page.rows, page.pagination.total], [['name'], [['Grace']], 1]);
    assert.equal(await branch.update('users', { age: null }, { filter: "name = 'Ada'" }), 1);
    assert.equal(await branch.delete('users', { filter: 'age IS NULL' }), 2);
    assert.deepEqual(await listed(branch.rows('users')), [{ id: 2, name: 'Grace', age: 85 }]);
    assert.equal((await branch.insert('users', { id: 2, name: 'x' }, { onConflict: 'ignore' })).inserted, 0);
    await assert.rejects(branch.insert('users', { id: 2, name: 'x' }), (error) => {
      assert.deepEqual([error.status, error.code, error.details.table], [409, 'CONSTRAINT_VIOLATION', 'users']);
      return true;
    });
  });

  test('go over pages', async () => {
    await branch.execute('CREATE TABLE n (i INTEGER PRIMARY KEY)');
    await branch.insert('n', Array.from({ length: 2500 }, (_, i) => ({ i })));
    const read = (await listed(branch.rows('n'))).map((row) => row.i);
    assert.deepEqual(read, Array.from({ length: 2500 }, (_, i) => i));
  });

  test('tables tell their columns', async () => {
    await users();
    const [table] = await branch.tables();
    assert.deepEqual(table.columns.map((column) => column.name), ['id', 'name', 'age']);
  });
});

describe('SQL', () => {
  test('a query gives rows and objects', async () => {
    await users();
    const got = await branch.query('SELECT name, age FROM users WHERE age > $1', [40]);
    assert.deepEqual([got.column_types, got.rows, got.row_count], [['TEXT', 'INTEGER'], [['Grace', 85]], 1]);
    assert.deepEqual(got.objects(), [{ name: 'Grace', age: 85 }]);
    assert.equal(got.scalar(), 'Grace');
    const twice = await branch.query('SELECT 1 AS id, 2 AS id, 3 AS id_2');
    assert.deepEqual(twice.first(), { id: 1, id_3: 2, id_2: 3 });
    assert.equal((await branch.query('SELECT 1 WHERE false')).scalar(), undefined);
  });

  test('dates and JSON are values', async () => {
    await branch.execute('CREATE TABLE t (at TIMESTAMP, j JSON)');
    const params = [new Date('2025-12-01T08:00:00Z'), { type: 'json', value: { a: [1] } }];
    await branch.execute('INSERT INTO t VALUES ($1, $2)', params);
    const row = (await branch.query('SELECT * FROM t')).first();
    assert.deepEqual(row.j, { a: [1] });
    assert.ok(row.at.startsWith('2025-12-01T08:00:00'), row.at);
  });

  test('a transaction is one commit or none', async () => {
    await users();
    const done = await branch.transaction(['DELETE FROM users', { sql: 'INSERT INTO users (name) VALUES ($1)', params: ['Barbara'] }]);
    assert.deepEqual(done.results.map((result) => result.affected_rows), [2, 1]);
    await assert.rejects(branch.transaction(['DELETE FROM users', 'DELETE FROM nothing']), NotFound);
    assert.equal((await branch.query('SELECT COUNT(*) FROM users')).scalar(), 1);
  });

  test('errors say what is wrong', async () => {
    await assert.rejects(client.branches.query(name, { sql: 'SELEC 1' }), { status: 400, code: 'INVALID_SQL' });
  });
});

describe('time', () => {
  test('the past can be read in every way', async () => {
    await users();
    const { scn } = await branch.execute('UPDATE users SET age = 37 WHERE id = 1');
    const kept = await branch.snapshot('before');
    await branch.delete('users', { filter: 'true' });
    for (const point of [AsOf.scn(scn), AsOf.snapshot(kept.id), AsOf.snapshot('before')]) {
      const then = branch.asOf(point);
      assert.equal((await then.query('SELECT age FROM users WHERE id = 1')).scalar(), 37);
      assert.deepEqual((await listed(then.rows('users'))).map((row) => row.age), [37, 85]);
    }
    assert.equal((await branch.asOf(AsOf.timestamp(new Date())).query('SELECT COUNT(*) FROM users')).scalar(), 0);
    assert.equal((await branch.snapshots())[0].name, 'before');
    assert.equal((await branch.history({ limit: 1 }))[0].summary, 'DELETE FROM users (2 rows)');
    assert.deepEqual(await branch.history({ until: new Date('2001-01-01') }), []);
    const backup = `${name}-backup`;
    const restored = await branch.restore(kept.id, { backupBranchName: backup });
    assert.equal(restored.backup_branch, backup);
    assert.equal((await branch.query('SELECT COUNT(*) FROM users')).scalar(), 2);
    await client.branches.delete(backup, { force: true });
  });
});

describe('merging', () => {
  let source;
  beforeEach(async () => {
    await users();
    await client.branches.create({ name: `${name}-source`, sourceBranch: name });
    source = client.branch(`${name}-source`);
    await source.update('users', { name: 'Ada L.' }, { filter: 'id = 1' });
  });
  afterEach(() => client.branches.delete(`${name}-source`, { force: true }).catch((error) => {
    if (!(error instanceof NotFound)) throw error;
  }));

  test('a diff tells what a merge brings', async () => {
    assert.equal((await source.diff(name)).tables[0].updates, 1);
    const [change] = await listed(source.changes(name));
    assert.deepEqual(change.cells, [{ column: 'name', before: 'Ada', after: 'Ada L.' }]);
    const tried = await source.mergeInto(name, { dryRun: true });
    assert.deepEqual([tried.status, tried.changes_merged], ['dry_run', 1]);
    const done = await client.branches.merge(source.name, { targetBranch: name, deleteAfterMerge: true });
    assert.deepEqual([done.changes_merged, done.source_deleted], [1, true]);
  });

  test('conflicts come back and are resolved', async () => {
    await branch.update('users', { name: 'A. Lovelace' }, { filter: 'id = 1' });
    const open = await source.mergeInto(name, { conflictResolution: 'manual' }).catch((error) => error);
    assert.ok(open instanceof MergeConflict);
    const [{ table, row_id, column, ...values }] = open.conflicts;
    assert.deepEqual([values.base_value, values.source_value, values.target_value], ['Ada', 'Ada L.', 'A. Lovelace']);
    const resolutions = [{ table, row_id, column, value: 'Ada Lovelace' }];
    const done = await source.mergeInto(name, { resolutions, conflictToken: open.conflictToken });
    assert.equal(done.conflicts_resolved, 1);
    assert.equal((await branch.query('SELECT name FROM users')).scalar(), 'Ada Lovelace');
  });

  test('abort only counts', async () => {
    await branch.update('users', { name: 'A. Lovelace' }, { filter: 'id = 1' });
    const merge = client.branches.merge(source.name, { targetBranch: name, conflictResolution: 'abort' });
    await assert.rejects(merge, (error) => error.conflicts.length === 0 && error.details.conflict_count === 1);
  });
});

test('a branch is set to where its source stands', async () => {
  await users();
  await client.branches.create({ name: `${name}-source`, sourceBranch: name, expiresAt: new Date(Date.now() + 3_600_000) });
  const source = client.branch(`${name}-source`);
  assert.ok((await source.details()).expires_at);
  assert.equal((await client.branches.update(source.name, { expiresAt: null })).expires_at, undefined);
  await source.delete('users', { filter: 'true' });
  const done = await source.reset({ backupBranchName: `${name}-was` });
  assert.deepEqual([done.changed, done.source_branch, done.backup_branch], [true, name, `${name}-was`]);
  assert.equal((await source.query('SELECT COUNT(*) FROM users')).scalar(), 2);
  assert.equal((await client.branches.reset(source.name)).changed, false);
  await client.branches.delete(`${name}-was`, { force: true });
  await client.branches.delete(source.name, { force: true });
});

test('what comes again with its key is done once', async () => {
  await users();
  const idempotencyKey = `${name}-insert`;
  const first = await branch.insert('users', { name: 'Edsger' }, { idempotencyKey });
  assert.deepEqual(await branch.insert('users', { name: 'Edsger' }, { idempotencyKey }), first);
  assert.equal((await branch.page('users')).pagination.total, 3);
  await assert.rejects(branch.insert('users', { name: 'Ken' }, { idempotencyKey }), { status: 422 });
});

test('webhooks are registered, changed and removed', async () => {
  const made = await client.webhooks.create({ url: 'https://hooks.example.com/x', events: ['branch.merged'], active: false });
  assert.ok(made.secret.startsWith('whsec_'));
  const changed = await client.webhooks.update(made.id, { branches: ['feature-*'], description: 'd' });
  assert.deepEqual([changed.events, changed.branches, changed.description], [['branch.merged'], ['feature-*'], 'd']);
  assert.deepEqual(await client.webhooks.get(made.id), changed);
  assert.ok((await client.webhooks.list()).some((one) => one.id === made.id && one.secret === undefined));
  assert.deepEqual(await client.webhooks.deliveries(made.id, { limit: 1 }), []);
  assert.equal((await client.webhooks.delete(made.id)).deleted, true);
  await assert.rejects(client.webhooks.get(made.id), NotFound);
});

describe('callers', () => {
  test('who may not is told so', { skip: apiKey === undefined && 'the server is open' }, async () => {
    const other = new Client({ baseUrl, apiKey: 'wrong' });
    await assert.rejects(other.branches.list(), (error) => error instanceof Denied && error.code === 'UNAUTHORIZED');
  });

  test('the dialect is the client\'s, and so is the form of its address', async () => {
    for (const url of [`${baseUrl}/`, `${baseUrl}/v1`]) {
      const other = new Client({ baseUrl: url, apiKey, headers: { 'Offshoot-Dialect': 'plain' } });
      assert.ok((await other.branches.list()).pagination);
    }
    assert.throws(() => new Client({ baseUrl: 'localhost:8080' }), TypeError);
    // An address would lose it: what was asked of `..` would be asked of the address above.
    await assert.rejects(async () => client.branch('..').details(), TypeError);
  });

  test('fetch can be another', async () => {
    const asked = [];
    const spy = (url, request) => {
      asked.push([request.method, new URL(url).pathname, request.headers.get('offshoot-dialect')]);
      return fetch(url, request);
    };
    await new Client({ baseUrl, apiKey, fetch: spy }).branch('a/b').details().catch(() => {});
    assert.deepEqual(asked, [['GET', '/v1/branches/a%2Fb', 'envelope']]);
  });
});

describe('repeating', () => {
  const good = [200, {}, '{"success": true, "data": {"branches": []}}'];
  const later = { 'Retry-After': '0' };
  const limited = [429, later, '{"error": {"code": "RATE_LIMITED", "message": "m"}}'];
  const busy = [503, later, '{"error": {"code": "SERVICE_UNAVAILABLE", "message": "m", "details": {"retriable": true}}}'];
  const proxy = [503, { 'Content-Type': 'text/html', ...later }, '<h1>later</h1>'];
  let server, answers, asked, keys, bodies, other;
  beforeEach(async () => {
    [asked, keys, bodies] = [[], [], []];
    // Answers what the test said, in order; null hangs up without an answer.
    server = createServer(async (request, response) => {
      asked.push(`${request.method} ${request.url}`);
      keys.push(request.headers['idempotency-key']);
      const body = Buffer.concat(await request.toArray()).toString();
      if (body) bodies.push(JSON.parse(body));
      const told = answers.shift();
      if (!told) return request.socket.destroy();
      response.writeHead(told[0], { 'Content-Type': 'application/json', ...told[1] });
      response.end(told[2]);
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    other = new Client({ baseUrl: `http://127.0.0.1:${server.address().port}`, retries: 2 });
  });
  const stop = () => {
    server?.closeAllConnections();
    return new Promise((resolve) => (server ? server.close(resolve) : resolve()));
  };
  afterEach(stop);

  test('reads are repeated until they pass', async () => {
    answers = [null, proxy, good];
    assert.deepEqual(await other.branches.list(), { branches: [] });
    assert.deepEqual(asked, Array(3).fill('GET /v1/branches'));
  });

  test('writes are repeated only where nothing was begun', async () => {
    answers = [limited, busy, good];
    await other.branches.create({ name: 'x' });
    assert.equal(asked.length, 3);
    for (const [answer, kind] of [[null, ConnectionLost], [proxy, ApiError]]) {
      [asked, answers] = [[], [answer, good]];
      await assert.rejects(other.branches.create({ name: 'x' }), kind);
      assert.equal(asked.length, 1);
    }
  });

  test('what reads, or has a key, is repeated', async () => {
    answers = [null, [200, {}, '{"data": {"columns": ["a"], "rows": [[1]]}}']];
    assert.equal((await other.branch().query('SELECT 1')).scalar(), 1);
    answers = [null, proxy, good];
    await other.branches.create({ name: 'x', idempotencyKey: 'k1' });
    assert.deepEqual(keys, [undefined, undefined, 'k1', 'k1', 'k1']);
  });

  test('what was never connected is said so', async () => {
    await stop();
    await assert.rejects(other.branches.create({ name: 'x' }), NotConnected);
    server = undefined;
  });

  test('redirects are not followed', async () => {
    answers = [[302, { Location: 'http://127.0.0.1:9/' }, '']];
    await assert.rejects(other.branches.list(), { status: 302, code: 'HTTP_302' });
  });

  test('a date says when, too', async () => {
    const dates = { Date: 'Fri, 21 Nov 2025 10:00:00 GMT', 'Retry-After': 'Fri, 21 Nov 2025 11:00:00 GMT' };
    answers = [[429, dates, limited[2]], good];
    await assert.rejects(other.branches.list(), { retryAfter: 3600 });
  });

  test('a reset says where to', async () => {
    answers = [good];
    await other.branches.reset('a/b', { sourceBranch: 'main', asOf: AsOf.scn(7), backupBranchName: 'was' });
    assert.deepEqual(asked, ['POST /v1/branches/a%2Fb/reset']);
    const body = { source_branch: 'main', as_of: { type: 'scn', value: 7 }, backup_branch_name: 'was' };
    assert.deepEqual(bodies, [body]);
  });

  test('webhooks have addresses of their own', async () => {
    answers = [good, [200, {}, '{"data": {"deliveries": [1]}}']];
    await other.webhooks.create({ url: 'https://h/', idempotencyKey: 'k' });
    assert.deepEqual(await other.webhooks.deliveries('wh_1', { limit: 2 }), [1]);
    assert.deepEqual(asked, ['POST /v1/webhooks', 'GET /v1/webhooks/wh_1/deliveries?limit=2']);
    assert.deepEqual([bodies, keys], [[{ url: 'https://h/' }], ['k', undefined]]);
  });

  test('it gives up, and does not wait for ever', async () => {
    answers = [limited, limited, limited, good];
    await assert.rejects(other.branches.list(), RateLimited);
    answers = [[429, { 'Retry-After': '3600' }, limited[2]], good];
    await assert.rejects(other.branches.list(), { retryAfter: 3600 });
  });
});
