// Branches as things: made, listed, looked at, changed, merged, compared, deleted.

import { Branch } from './branch.js';
import { data, segment } from './transport.js';

/** Branches of a page that iterators ask for: the most that the API gives. */
const PAGE = 100;

/** `client.branches`. */
export class Branches {
  #transport;

  constructor(transport) {
    this.#transport = transport;
  }

  /** One page of branches. */
  async list({ status, page, limit, sort, order } = {}) {
    return data(await this.#transport.send('GET', '/v1/branches', { query: { status, page, limit, sort, order } }));
  }

  /** Every branch, oldest first, page by page. */
  async *all({ status } = {}) {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const got = await this.list({ status, page, limit: PAGE, sort: 'created_at', order: 'asc' });
      yield* got.branches;
      pages = got.pagination.total_pages;
    }
  }

  /** Makes a branch, of `main` and now where nothing else is said. */
  async create({ name, sourceBranch, asOf, displayName, metadata, options, expiresAt, idempotencyKey }) {
    const body = {
      name,
      source_branch: sourceBranch,
      as_of: asOf,
      display_name: displayName,
      metadata,
      options: options && { read_only: options.readOnly, isolated: options.isolated },
      expires_at: expiresAt,
    };
    return data(await this.#transport.send('POST', '/v1/branches', { body, idempotencyKey }));
  }

  /** A branch with its details, by name or id. */
  async get(name, { includeStats, includeHistory } = {}) {
    const query = { include_stats: includeStats, include_history: includeHistory };
    return data(await this.#transport.send('GET', path(name), { query }));
  }

  /** Changes what is said of a branch; metadata is replaced whole. */
  async update(name, { displayName, isProtected, metadata, expiresAt }) {
    const body = { display_name: displayName, is_protected: isProtected, metadata, expires_at: expiresAt };
    return data(await this.#transport.send('PATCH', path(name), { body }));
  }

  /** Deletes a branch; `force` also where commits would be lost. */
  async delete(name, { force } = {}) {
    return data(await this.#transport.send('DELETE', path(name), { query: { force } }));
  }

  /** As `Branch.mergeInto`. */
  merge(name, { targetBranch, ...options }) {
    return this.#of(name).mergeInto(targetBranch, options);
  }

  /** As `Branch.diff`. */
  diff(name, { against, ...options }) {
    return this.#of(name).diff(against, options);
  }

  /** As `Branch.reset`. */
  reset(name, options) {
    return this.#of(name).reset(options);
  }

  /** As `Branch.query`. */
  query(name, { sql, params, asOf, timeoutMs }) {
    return this.#of(name, asOf).query(sql, params, { timeoutMs });
  }

  /** As `Branch.execute`. */
  execute(name, { sql, params, ...options }) {
    return this.#of(name).execute(sql, params, options);
  }

  #of(name, asOf) {
    return new Branch(this.#transport, name, asOf);
  }
}

const path = (name) => `/v1/branches/${segment(name)}`;
