// One branch's data.

import { Rows } from './result.js';
import { data, segment } from './transport.js';

/** What iterators ask for at once: the most that the API gives. */
const [PAGE, PAGE_OF_CHANGES] = [1000, 100];

/** `client.branch('main')`: a name, and perhaps a point in time at which it is read. */
export class Branch {
  #transport;
  #point;
  #path;

  constructor(transport, name, point) {
    this.name = name;
    this.#transport = transport;
    this.#point = point;
    this.#path = `/v1/branches/${segment(name)}`;
  }

  /** The branch as it was: queries and rows are read there, writes go to its head. */
  asOf(point) {
    return new Branch(this.#transport, this.name, point);
  }

  // SQL

  /** Runs a SELECT. */
  async query(sql, params, { timeoutMs } = {}) {
    const body = { sql, params, as_of: this.#point, timeout_ms: timeoutMs };
    return new Rows(await this.#send('POST', '/query', { body, reads: true }));
  }

  /** Runs one statement of any kind, as a transaction of its own. */
  execute(sql, params, { timeoutMs, idempotencyKey } = {}) {
    return this.#send('POST', '/execute', { body: { sql, params, timeout_ms: timeoutMs }, idempotencyKey });
  }

  /** Runs statements, texts or `{sql, params}`, as one commit, or none of them. */
  transaction(statements, { timeoutMs, idempotencyKey } = {}) {
    const listed = statements.map((one) => (typeof one === 'string' ? { sql: one } : one));
    const body = { statements: listed, timeout_ms: timeoutMs };
    return this.#send('POST', '/transaction', { body, idempotencyKey });
  }

  // Rows

  /** The branch's tables. */
  async tables() {
    return (await this.#send('GET', '/tables')).tables;
  }

  /** One page of a table's rows. */
  async page(table, { columns, filter, orderBy, page, limit } = {}) {
    const query = { columns: columns && String(columns), filter, order_by: orderBy, page, limit };
    query.as_of_type = this.#point?.type;
    query.as_of_value = this.#point?.value;
    return new Rows(await this.#send('GET', rowsOf(table), { query }));
  }

  /** Every row, page by page. On a branch that others write to, read `asOf` a point. */
  async *rows(table, { columns, filter, orderBy } = {}) {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const got = await this.page(table, { columns, filter, orderBy, page, limit: PAGE });
      yield* got;
      pages = got.pagination.total_pages;
    }
  }

  /** Puts in a row, or rows: all or none. */
  insert(table, rows, { onConflict, idempotencyKey } = {}) {
    const body = { rows: Array.isArray(rows) ? rows : [rows], on_conflict: onConflict };
    return this.#send('POST', rowsOf(table), { body, idempotencyKey });
  }

  /** Gives the rows that the filter takes new values; how many. `'true'` takes all. */
  async update(table, updates, { filter }) {
    return (await this.#send('PUT', rowsOf(table), { body: { updates, filter } })).updated;
  }

  /** Deletes the rows that the filter takes; how many. `'true'` takes all. */
  async delete(table, { filter }) {
    return (await this.#send('DELETE', rowsOf(table), { query: { filter } })).deleted;
  }

  // Time

  /** Commits and snapshots, newest first. */
  async history({ since, until, limit } = {}) {
    return (await this.#send('GET', '/history', { query: { from: since, to: until, limit } })).history;
  }

  /** The snapshots, newest first. */
  async snapshots() {
    return (await this.#send('GET', '/snapshots')).snapshots;
  }

  /** Makes a snapshot of the head. */
  snapshot(name, { idempotencyKey } = {}) {
    return this.#send('POST', '/snapshots', { body: { name }, idempotencyKey });
  }

  /** Makes the branch hold again what the snapshot holds; the history stays. */
  restore(snapshot, { createBackupBranch, backupBranchName, idempotencyKey } = {}) {
    const body = { create_backup_branch: createBackupBranch, backup_branch_name: backupBranchName };
    return this.#send('POST', `/restore/${segment(snapshot)}`, { body, idempotencyKey });
  }

  // The branch as a thing

  /** As `Branches.get`. */
  details({ includeStats, includeHistory } = {}) {
    return this.#send('GET', '', { query: { include_stats: includeStats, include_history: includeHistory } });
  }

  /**
   * Merges the branch into another. Open conflicts reject with a `MergeConflict`; the same call with
   * `resolutions` and the error's `conflictToken` finishes the merge.
   */
  mergeInto(targetBranch, options = {}) {
    const body = {
      target_branch: targetBranch,
      conflict_resolution: options.conflictResolution,
      delete_source_after_merge: options.deleteAfterMerge,
      merge_message: options.mergeMessage,
      dry_run: options.dryRun,
      renumber: options.renumber,
      resolutions: options.resolutions,
      conflict_token: options.conflictToken ?? undefined,
    };
    const { dryRun = false, idempotencyKey } = options;
    return this.#send('POST', '/merge', { body, reads: dryRun, idempotencyKey });
  }

  /** How the branch differs from another: all tables, and one page of rows. */
  diff(against, { table, page, limit } = {}) {
    return this.#send('GET', '/diff', { query: { against, table, page, limit } });
  }

  /** Every row that differs from another branch, page by page. */
  async *changes(against, { table } = {}) {
    for (let page = 1, pages = 1; page <= pages; page += 1) {
      const got = await this.diff(against, { table, page, limit: PAGE_OF_CHANGES });
      yield* got.rows;
      pages = got.pagination.total_pages;
    }
  }

  /** Sets the branch to where its source stands; the history stays. */
  reset({ sourceBranch, asOf, createBackupBranch, backupBranchName, idempotencyKey } = {}) {
    const body = {
      source_branch: sourceBranch,
      as_of: asOf,
      create_backup_branch: createBackupBranch,
      backup_branch_name: backupBranchName,
    };
    return this.#send('POST', '/reset', { body, idempotencyKey });
  }

  async #send(method, path, parts) {
    return data(await this.#transport.send(method, this.#path + path, parts));
  }
}

const rowsOf = (table) => `/tables/${segment(table)}/data`;
