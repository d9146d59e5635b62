/** What SQL's values are in JSON. Integers beyond 2^53 lose digits in JavaScript: select them as text. */
export type Value = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Json = Value;

/** A value for `$1`: a plain one, or one with its type, which JSON needs. */
export type Param =
  | null | boolean | number | string | Date
  | { type: 'int4' | 'int8' | 'text' | 'bool' | 'float4' | 'float8' | 'timestamp' | 'json'; value: Json };

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
  /** How often a request is repeated that the server has not begun, or that only reads; default 3. */
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
  /** One branch's data. Nothing is asked of the server yet. */
  branch(name?: string, options?: { asOf?: Point }): Branch;
  graph(options?: { limit?: number }): Promise<Graph>;
  health(): Promise<boolean>;
  version(): Promise<{ name: string; version: string; api_version: string }>;
  /** The `data` of any address, such as `/v1/branches`: for what has no method here. */
  request<T = unknown>(method: string, path: string, options?: { query?: object; body?: object }): Promise<T>;
}
export { Client as HeliosDBClient };

export type Status = 'active' | 'merged' | 'deleted' | 'all';
export type ConflictResolution = 'source_wins' | 'target_wins' | 'newest_wins' | 'manual' | 'abort';

export interface MergeOptions {
  /** Default manual: conflicts come back in a `MergeConflict`. */
  conflictResolution?: ConflictResolution;
  deleteAfterMerge?: boolean;
  mergeMessage?: string;
  dryRun?: boolean;
  /** Gives source rows whose automatic key clashes a new one. */
  renumber?: boolean;
  resolutions?: Resolution[];
  conflictToken?: string | null;
}

export class Branches {
  private constructor();
  list(options?: {
    status?: Status; page?: number; limit?: number;
    sort?: 'name' | 'created_at' | 'updated_at'; order?: 'asc' | 'desc';
  }): Promise<{ branches: BranchInfo[]; pagination: Pagination }>;
  /** Every branch, oldest first, page by page. */
  all(options?: { status?: Status }): AsyncGenerator<BranchInfo>;
  create(options: {
    name: string; sourceBranch?: string; asOf?: Point; displayName?: string; metadata?: Record<string, Json>;
    options?: { readOnly?: boolean; isolated?: boolean }; expiresAt?: string | Date;
  }): Promise<BranchInfo>;
  get(name: string, options?: { includeStats?: boolean; includeHistory?: boolean }): Promise<BranchInfo>;
  update(name: string, changes: {
    displayName?: string; isProtected?: boolean; metadata?: Record<string, Json>;
  }): Promise<BranchInfo>;
  delete(name: string, options?: { force?: boolean }): Promise<{ deleted: true; branch_name: string; deleted_at: string }>;
  merge(name: string, options: MergeOptions & { targetBranch: string }): Promise<Merged>;
  diff(name: string, options: { against: string; table?: string; page?: number; limit?: number }): Promise<Diff>;
  reset(name: string): Promise<BranchInfo>;
  query(name: string, options: { sql: string; params?: Param[]; asOf?: Point; timeoutMs?: number }): Promise<QueryResult>;
  execute(name: string, options: { sql: string; params?: Param[]; timeoutMs?: number }): Promise<Executed>;
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
  execute(sql: string, params?: Param[], options?: { timeoutMs?: number }): Promise<Executed>;
  /** One commit, or nothing. */
  transaction(statements: (string | { sql: string; params?: Param[] })[], options?: { timeoutMs?: number }): Promise<{
    results: Executed[]; scn: number; timestamp: string;
  }>;

  tables(): Promise<Table[]>;
  page(table: string, options?: RowOptions & { page?: number; limit?: number }): Promise<Page>;
  /** Every row, page by page. On a branch that others write to, read `asOf` a point. */
  rows(table: string, options?: RowOptions): AsyncGenerator<Row>;
  insert(table: string, rows: NewRow | NewRow[], options?: { onConflict?: 'error' | 'ignore' | 'update' }): Promise<{
    inserted: number; ids: Value[];
  }>;
  /** How many rows were changed. The filter `'true'` takes all. */
  update(table: string, updates: NewRow, options: { filter: string }): Promise<number>;
  /** How many rows were deleted. The filter `'true'` takes all. */
  delete(table: string, options: { filter: string }): Promise<number>;

  history(options?: { since?: string | Date; until?: string | Date; limit?: number }): Promise<HistoryEntry[]>;
  snapshots(): Promise<Snapshot[]>;
  snapshot(name?: string): Promise<Snapshot>;
  restore(snapshot: string, options?: { createBackupBranch?: boolean; backupBranchName?: string }): Promise<{
    restored: true; snapshot_id: string; restored_to_scn: number; backup_branch: string | null;
  }>;

  details(options?: { includeStats?: boolean; includeHistory?: boolean }): Promise<BranchInfo>;
  /** Open conflicts reject with a `MergeConflict`; resolutions and its token finish the merge. */
  mergeInto(targetBranch: string, options?: MergeOptions): Promise<Merged>;
  diff(against: string, options?: { table?: string; page?: number; limit?: number }): Promise<Diff>;
  /** Every row that differs from another branch, page by page. */
  changes(against: string, options?: { table?: string }): AsyncGenerator<RowDiff>;
  /** Puts the branch back to the head of its source. */
  reset(): Promise<BranchInfo>;
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

export interface QueryResult extends Rows {
  column_types: string[];
  row_count: number;
  execution_plan: string;
  execution_time_ms: number;
}

export interface Page extends Rows {
  pagination: Pagination;
}

export interface Pagination {
  page: number; limit: number; total: number; total_pages: number;
}

/** A branch. Lists leave out metadata, divergence and history; answers to changes are shorter. */
export interface BranchInfo {
  id: string;
  name: string;
  display_name: string;
  status?: 'active' | 'merged' | 'deleted';
  is_default?: boolean;
  is_protected?: boolean;
  source_branch?: string | null;
  source_snapshot?: string | null;
  created_at?: string;
  updated_at?: string;
  expires_at?: string | null;
  metadata?: Record<string, Json>;
  stats?: {
    tables: number; rows: number; size_bytes: number;
    changes_from_source?: number; inserts?: number; updates?: number; deletes?: number;
  };
  divergence?: { source_branch: string; commits_ahead: number; commits_behind: number; can_fast_forward: boolean } | null;
  history?: HistoryEntry[];
}

export interface Merged {
  status: 'merged' | 'dry_run';
  dry_run: boolean;
  source_branch: string;
  target_branch: string;
  merge_commit: string | null;
  changes_merged: number;
  schema_changed: boolean;
  conflicts_resolved: number;
  source_deleted: boolean;
  merged_at: string | null;
}

export interface Conflict {
  table: string;
  row_id: string | null;
  column: string | null;
  conflict_type: string;
  base_value?: Json;
  source_value?: Json;
  target_value?: Json;
  generated_key?: boolean;
}

export type Resolution = { table: string; row_id?: string | null; column?: string | null }
  & ({ take: 'source' | 'target' } | { value: Json });

export interface RowDiff {
  table: string;
  row_id: string;
  change: 'insert' | 'update' | 'delete';
  cells: { column: string; before: Json; after: Json }[];
}

export interface Diff {
  branch: string;
  against: string;
  tables: {
    name: string; schema_change: 'added' | 'dropped' | 'altered' | null; renamed_from?: string; columns?: object[];
    inserts: number; updates: number; deletes: number;
  }[];
  rows: RowDiff[];
  pagination: Pagination;
}

export interface Table {
  name: string;
  schema: string;
  row_count: number;
  columns: { name: string; type: string; nullable: boolean; primary_key: boolean }[];
  indexes: string[];
  created_at: string;
}

/** What a statement did; columns and rows are those of RETURNING. */
export interface Executed {
  statement_type: string;
  affected_rows: number;
  execution_time_ms?: number;
  scn?: number;
  timestamp?: string;
  columns?: string[];
  column_types?: string[];
  rows?: Value[][];
}

export interface HistoryEntry {
  id: string;
  type: 'transaction' | 'snapshot';
  timestamp: string;
  scn: number;
  summary: string;
  user?: string;
  size_bytes?: number;
}

export interface Snapshot {
  id: string;
  name?: string | null;
  timestamp: string;
  scn: number;
  type: 'automatic' | 'manual';
  size_bytes: number;
  tables: number;
  rows: number;
}

export interface Graph {
  branches: { id: string; name: string; status: string; head: string; scn: number; source_branch: string | null; fork: string | null }[];
  commits: { id: string; parents: string[]; scn: number; timestamp: string; summary: string; user: string }[];
  truncated: boolean;
}

export class OffshootError extends Error {}
/** No answer came. A write may or may not have happened; reads have been repeated already. */
export class ConnectionLost extends OffshootError {}
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
