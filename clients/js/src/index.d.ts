// The client's own types. What answers hold, and what may be asked, is taken from api.d.ts, which is made
// from the server's OpenAPI document (`npm run types`).

import type { components } from './api.js';

type Schemas = components['schemas'];
type Camel<Word extends string> = Word extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<Camel<Tail>>}` : Word;
/** What the API takes, in camelCase, without some of it. */
type Asked<Taken, Without extends string = never> = {
  [Name in keyof Taken as Name extends Without ? never : Camel<Name & string>]: Taken[Name];
};

/** What SQL's values are in JSON. Integers beyond 2^53 lose digits in JavaScript: select them as text. */
export type Value = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Json = Value;

/** A value for `$1`: a plain one, or one with its type, which JSON needs. */
export type Param = Schemas['Parameter'] | Date;

export type Row = Record<string, Value>;
/** Values to be written, by column. */
export type NewRow = Record<string, Value | Date>;

export type Point =
  | { type: 'now' }
  | { type: 'timestamp'; value: string | number }
  | { type: 'scn' | 'transaction'; value: number }
  | { type: 'snapshot'; value: string };

/** Makes points in time. */
export const AsOf: {
  now(): Point;
  /** A Date, RFC 3339 text, or seconds since 1970. */
  timestamp(time: Date | string | number): Point;
  /** The commit of this number on the branch's line, or the last one before it. */
  scn(number: number): Point;
  transaction(number: number): Point;
  /** A snapshot, by its id or name. */
  snapshot(name: string): Point;
};

export interface ClientOptions {
  /** With or without `/v1`; default `http://127.0.0.1:8080`. */
  baseUrl?: string;
  apiKey?: string;
  /** A JWT. */
  token?: string;
  headers?: HeadersInit;
  /** For each attempt; default a minute. */
  timeoutMs?: number;
  /** How often a request is repeated that may be: see the README; default 3. */
  retries?: number;
  /** A request that the server asks to hold for longer is not repeated; default half a minute. */
  waitMaxMs?: number;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

export class Client {
  constructor(options?: ClientOptions);
  /** Branches as things: made, listed, merged, deleted. */
  readonly branches: Branches;
  /** Addresses that are told what happens to branches. */
  readonly webhooks: Webhooks;
  /** One branch's data. Nothing is asked of the server yet. */
  branch(name?: string, options?: { asOf?: Point }): Branch;
  graph(options?: { limit?: number }): Promise<Graph>;
  health(): Promise<boolean>;
  version(): Promise<{ name: string; version: string; api_version: string }>;
  /** The `data` of any address, such as `/v1/branches`: for what has no method here. */
  request<T = unknown>(method: string, path: string, options?: { query?: object; body?: object }): Promise<T>;
}
export { Client as HeliosDBClient };

export type ConflictResolution =
  Exclude<NonNullable<Schemas['mergeBranch.body']['conflict_resolution']>, Capitalize<string>>;

/** For requests that write. */
export interface Once {
  /**
   * Names the request: a server that honours the header `Idempotency-Key` does it once, so that it is
   * repeated where no answer came.
   */
  idempotencyKey?: string;
}

export interface MergeOptions extends Once, Asked<Schemas['mergeBranch.body'],
  'target_branch' | 'target' | 'strategy' | 'conflict_resolution' | 'delete_source_after_merge' | 'resolutions' | 'conflict_token'
> {
  /** Default manual: conflicts come back in a `MergeConflict`. */
  conflictResolution?: ConflictResolution;
  deleteAfterMerge?: boolean;
  resolutions?: Resolution[];
  /** Of the `MergeConflict` that is settled by the resolutions. */
  conflictToken?: string | null;
}

export interface BranchCreateOptions extends Once, Asked<Schemas['createBranch.body'],
  'parent' | 'snapshot_id' | 'as_of' | 'options' | 'expires_at'
> {
  asOf?: Point;
  options?: { readOnly?: boolean; isolated?: boolean };
  /** When it is to be deleted. */
  expiresAt?: string | Date;
}

export interface BranchChanges extends Asked<Schemas['updateBranch.body'], 'expires_at'> {
  /** When it is to be deleted; null: never. */
  expiresAt?: string | Date | null;
}

export interface BackupOptions extends Once {
  createBackupBranch?: boolean;
  backupBranchName?: string;
}

export interface ResetOptions extends BackupOptions {
  /** Default: where the branch comes from. */
  sourceBranch?: string;
  asOf?: Point;
}

export class Branches {
  private constructor();
  list(options?: Asked<Schemas['listBranches.query']>): Promise<{ branches: BranchListed[]; pagination: Pagination }>;
  /** Every branch, oldest first, page by page. */
  all(options?: Pick<Asked<Schemas['listBranches.query']>, 'status'>): AsyncGenerator<BranchListed>;
  create(options: BranchCreateOptions): Promise<Schemas['BranchCreated']>;
  get(name: string, options?: Asked<Schemas['getBranch.query']>): Promise<BranchInfo>;
  update(name: string, changes: BranchChanges): Promise<Schemas['BranchChanged']>;
  delete(name: string, options?: Asked<Schemas['deleteBranch.query']>): Promise<Schemas['BranchDeleted']>;
  merge(name: string, options: MergeOptions & { targetBranch: string }): Promise<Merged>;
  diff(name: string, options: Asked<Schemas['diffBranch.query']>): Promise<Diff>;
  reset(name: string, options?: ResetOptions): Promise<Reset>;
  query(name: string, options: { sql: string; params?: Param[]; asOf?: Point; timeoutMs?: number }): Promise<QueryResult>;
  execute(name: string, options: { sql: string; params?: Param[] } & WriteOptions): Promise<Executed>;
}

export interface WriteOptions extends Once {
  timeoutMs?: number;
}

export class Webhooks {
  private constructor();
  /** All of them, oldest first. */
  list(): Promise<Webhook[]>;
  /** For what happens from now on. This answer alone has the secret that deliveries are signed with. */
  create(options: WebhookOptions & Once & { url: string }): Promise<Webhook & { secret: string }>;
  get(id: string): Promise<Webhook>;
  update(id: string, changes: WebhookOptions): Promise<Webhook>;
  /** Removes one, and forgets what it waits for. */
  delete(id: string): Promise<{ id: string; deleted: boolean }>;
  /** The last attempts, newest first. */
  deliveries(id: string, options?: { limit?: number }): Promise<Delivery[]>;
}

export type EventKind =
  'branch.created' | 'branch.deleted' | 'branch.merged' | 'branch.protected' | 'branch.data_changed';

export interface WebhookOptions {
  url?: string;
  /** Default: all. */
  events?: EventKind[];
  /** Names, or patterns such as `feature-*`; default: all. */
  branches?: string[];
  description?: string;
  /** What is not active lets its events wait. */
  active?: boolean;
}

export interface Webhook {
  id: string;
  url: string;
  events: EventKind[];
  branches: string[];
  description: string;
  active: boolean;
  created_at: string;
  updated_at: string;
  /** Null where the last attempt arrived, or there was none. */
  failing_since: string | null;
  last_delivered_at: string | null;
}

/** An attempt to tell a webhook of an event. */
export interface Delivery {
  event_id: string;
  event: EventKind;
  branch_name: string;
  attempt: number;
  attempted_at: string;
  delivered: boolean;
  /** What the receiver answered; null where nothing came. */
  status: number | null;
  latency_ms: number;
  error: string | null;
  retry_at: string | null;
}

export interface RowOptions {
  columns?: string | string[];
  filter?: string;
  orderBy?: string;
}

export class Branch {
  private constructor();
  readonly name: string;
  /** The branch as it was: queries and rows are read there, writes go to its head. */
  asOf(point: Point): Branch;

  query(sql: string, params?: Param[], options?: { timeoutMs?: number }): Promise<QueryResult>;
  execute(sql: string, params?: Param[], options?: WriteOptions): Promise<Executed>;
  /** One commit, or nothing. */
  transaction(statements: (string | { sql: string; params?: Param[] })[], options?: WriteOptions): Promise<Schemas['Transaction']>;

  tables(): Promise<Table[]>;
  page(table: string, options?: RowOptions & { page?: number; limit?: number }): Promise<Page>;
  /** Every row, page by page. On a branch that others write to, read `asOf` a point. */
  rows(table: string, options?: RowOptions): AsyncGenerator<Row>;
  insert(
    table: string, rows: NewRow | NewRow[], options?: Once & Pick<Asked<Schemas['insertRows.body']>, 'onConflict'>,
  ): Promise<Schemas['Inserted']>;
  /** How many rows were changed. The filter `'true'` takes all. */
  update(table: string, updates: NewRow, options: { filter: string }): Promise<number>;
  /** How many rows were deleted. The filter `'true'` takes all. */
  delete(table: string, options: { filter: string }): Promise<number>;

  history(options?: { since?: string | Date; until?: string | Date; limit?: number }): Promise<HistoryEntry[]>;
  snapshots(): Promise<Snapshot[]>;
  snapshot(name?: string, options?: Once): Promise<Snapshot>;
  restore(snapshot: string, options?: BackupOptions): Promise<Schemas['Restored']>;

  details(options?: Asked<Schemas['getBranch.query']>): Promise<BranchInfo>;
  /** Open conflicts reject with a `MergeConflict`; resolutions and its token finish the merge. */
  mergeInto(targetBranch: string, options?: MergeOptions): Promise<Merged>;
  diff(against: string, options?: Omit<Asked<Schemas['diffBranch.query']>, 'against'>): Promise<Diff>;
  /** Every row that differs from another branch, page by page. */
  changes(against: string, options?: { table?: string }): AsyncGenerator<RowDiff>;
  /** Sets the branch to where its source stands; the history stays. */
  reset(options?: ResetOptions): Promise<Reset>;
}

/** Rows that came back; iterating gives objects. */
export class Rows implements Iterable<Row> {
  private constructor();
  columns: string[];
  /** Each in the order of the columns. */
  rows: Value[][];
  [Symbol.iterator](): Generator<Row>;
  /** The rows as objects; a repeated column is `id`, `id_2`. */
  objects(): Row[];
  first(): Row | undefined;
  /** The first value of the first row. */
  scalar(): Value | undefined;
}

export interface QueryResult extends Rows, Omit<Schemas['Query'], 'columns' | 'rows'> {}

export interface Page extends Rows {
  pagination: Pagination;
}

export type Pagination = Schemas['Rows']['pagination'];
export type BranchListed = Schemas['Branches']['branches'][number];
export type BranchInfo = Schemas['Branch'];
export type Merged = Schemas['Merged'];
export type Conflict = NonNullable<NonNullable<Schemas['Conflict']['error']['details']>['conflicts']>[number];

/** What settles a conflict: a side, or a value. Without a column, the whole row. */
export type Resolution = { table: string; row_id?: string | null; column?: string | null }
  & ({ take: 'source' | 'target' } | { value: unknown });

export type Diff = Schemas['Diff'];
export type RowDiff = Diff['rows'][number];
export type Table = Schemas['Tables']['tables'][number];
/** What a statement did; columns and rows are those of RETURNING. */
export type Executed = Schemas['Executed'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type Snapshot = Schemas['Snapshot'];
export type Graph = Schemas['Graph'];

export interface Reset {
  reset: true;
  branch: string;
  source_branch: string;
  reset_to_scn: number;
  /** Whether there was anything to do. */
  changed: boolean;
  scn: number;
  timestamp: string;
  backup_branch: string | null;
}

export class OffshootError extends Error {}
/** No answer came. A write may or may not have happened; reads have been repeated already. */
export class ConnectionLost extends OffshootError {}
/** The server could not be connected to: nothing happened there. Only Node and Deno can tell. */
export class NotConnected extends ConnectionLost {}
/** The server refused. */
export class ApiError extends OffshootError {
  status: number;
  /** One of the API's codes, such as `TABLE_NOT_FOUND`. */
  code: string;
  /** A sentence for people. */
  message: string;
  /** What there is to say beyond the message; its form depends on the code. */
  details: any;
  /** What the server's log knows the request by. */
  requestId: string | null;
  /** In seconds. */
  retryAfter: number | null;
}
/** 404. */
export class NotFound extends ApiError {}
/** 401 or 403. */
export class Denied extends ApiError {}
/** 429, and the wait that the server asked for was longer than `waitMaxMs`. */
export class RateLimited extends ApiError {}
/** 409 of a merge. */
export class MergeConflict extends ApiError {
  get conflicts(): Conflict[];
  get conflictToken(): string | null;
}
