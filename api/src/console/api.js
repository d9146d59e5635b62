// The REST API, in its envelope dialect. What is here is what any client would send.

import { ask, h } from './dom.js';

/** What the server refused: its code, its words, its details. */
export class Refused extends Error {
  constructor(status, error) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.details = error.details ?? {};
  }
}

let key = sessionStorage.getItem('offshoot key');

/** Sends a request; gives the `data` of the answer. */
export async function call(method, path, body) {
  const headers = { 'Offshoot-Dialect': 'envelope' };
  if (key) headers['X-API-Key'] = key;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const response = await fetch(`v1${path}`, { method, headers, body: body && write(body) });
  const answer = read(await response.text(), response);
  if (response.status === 401) {
    await askForKey();
    return call(method, path, body);
  }
  if (!response.ok) throw new Refused(response.status, answer.error ?? { message: response.statusText });
  return answer.data;
}

let asking;
function askForKey() {
  asking ??= ask('This server wants a key', [['key', 'API key', h('input', { type: 'password', autofocus: true, required: true })]], 'Go on')
    .then((given) => {
      asking = undefined;
      if (!given) throw new Error('no key was given');
      key = given.key;
      sessionStorage.setItem('offshoot key', key);
    });
  return asking;
}

// Integers beyond 2^53 stay exact: they are read as BigInt and written as they are.
function read(text, response) {
  try {
    return JSON.parse(text, (_, value, at) =>
      typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(at?.source ?? '') ? BigInt(at.source) : value);
  } catch {
    throw new Refused(response.status, { message: text || response.statusText });
  }
}

function write(value) {
  if (typeof value === 'bigint') return String(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (value && typeof value === 'object') {
    const fields = Object.entries(value).filter(([, v]) => v !== undefined);
    return `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${write(v)}`).join(',')}}`;
  }
  return JSON.stringify(value);
}

const at = (branch) => `/branches/${encodeURIComponent(branch)}`;
const query = (fields) => {
  const given = Object.entries(fields).filter(([, v]) => v !== undefined && v !== '' && v !== null);
  return given.length ? `?${new URLSearchParams(given)}` : '';
};
const point = (scn) => (scn === undefined ? undefined : { type: 'scn', value: scn });

export const branches = () => all((page) => call('GET', `/branches${query({ status: 'active', limit: 100, page })}`), 'branches')
  .then(async (active) => [...active, ...await all((page) => call('GET', `/branches${query({ status: 'merged', limit: 100, page })}`), 'branches')]);
export const branch = (name) => call('GET', at(name));
export const createBranch = (fields) => call('POST', '/branches', fields);
export const changeBranch = (name, fields) => call('PATCH', at(name), fields);
export const deleteBranch = (name, force) => call('DELETE', `${at(name)}${query({ force: force || undefined })}`);
export const tables = (name) => call('GET', `${at(name)}/tables`).then((data) => data.tables);
export const page = (name, table, fields, scn) =>
  call('GET', `${data(name, table)}${query({ ...fields, ...(scn === undefined ? {} : { as_of_type: 'scn', as_of_value: scn }) })}`);
export const insert = (name, table, rows) => call('POST', data(name, table), { rows });
export const update = (name, table, filter, updates) => call('PUT', data(name, table), { filter, updates });
export const remove = (name, table, filter) => call('DELETE', data(name, table), { filter });
export const run = (name, sql, scn) => call('POST', `${at(name)}/query`, { sql, as_of: point(scn) });
export const execute = (name, sql) => call('POST', `${at(name)}/execute`, { sql });
export const history = (name, limit) => call('GET', `${at(name)}/history${query({ limit })}`).then((data) => data.history);
export const snapshots = (name) => call('GET', `${at(name)}/snapshots`).then((data) => data.snapshots);
export const takeSnapshot = (name, snapshot) => call('POST', `${at(name)}/snapshots`, { name: snapshot || undefined });
export const restore = (name, snapshot, backup) =>
  call('POST', `${at(name)}/restore/${encodeURIComponent(snapshot)}`, { create_backup_branch: backup });
export const diff = (name, against, table, page) => call('GET', `${at(name)}/diff${query({ against, table, page, limit: 200 })}`);
export const merge = (name, fields) => call('POST', `${at(name)}/merge`, fields);
export const graph = (limit) => call('GET', `/graph${query({ limit })}`);
export const version = () => fetch('version').then((answer) => answer.json());

function data(name, table) {
  return `${at(name)}/tables/${encodeURIComponent(table)}/data`;
}

async function all(page, field) {
  const found = [];
  for (let number = 1; ; number += 1) {
    const answer = await page(number);
    found.push(...answer[field]);
    if (number >= answer.pagination.total_pages) return found;
  }
}
