// What can go wrong, by what the caller can do about it.

/** Every error of this package. */
export class OffshootError extends Error {
  constructor(message, options) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** No answer came. A write may or may not have happened; reads have been repeated already. */
export class ConnectionLost extends OffshootError {}

/** The server could not be connected to: nothing happened there. Only Node and Deno can tell. */
export class NotConnected extends ConnectionLost {}

/** The server refused: fix the request, or do what `code` suggests. */
export class ApiError extends OffshootError {
  constructor({ status, code, message, details, requestId, retryAfter }) {
    super(message);
    this.status = status;
    this.code = code;
    this.details = details ?? null;
    this.requestId = requestId ?? null;
    this.retryAfter = retryAfter ?? null;
  }
}

/** 404: no such branch, table, column or snapshot. */
export class NotFound extends ApiError {}

/** 401 or 403: who asks may not, or the branch is protected. */
export class Denied extends ApiError {}

/** 429, and the wait that the server asked for was longer than the client's `waitMaxMs`. */
export class RateLimited extends ApiError {}

/** 409: a merge has conflicts. Merge again with resolutions and the token to finish it. */
export class MergeConflict extends ApiError {
  /** What both sides changed; empty under `abort`, which only counts. */
  get conflicts() {
    return this.details?.conflicts ?? [];
  }

  /** Stands for the two heads that conflict; resolutions need it. */
  get conflictToken() {
    return this.details?.conflict_token ?? null;
  }
}

const KINDS = { 401: Denied, 403: Denied, 404: NotFound, 429: RateLimited };

/** The error in an answer; where it is not the API's (a proxy's, say), one made of its status. */
export function errorOf({ status, body, requestId, retryAfter }) {
  let told = body?.error;
  if (told === null || typeof told !== 'object') {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    told = { code: `HTTP_${status}`, message: (text || 'no body').slice(0, 200) };
  }
  const Kind = told.code === 'MERGE_CONFLICT' ? MergeConflict : (KINDS[status] ?? ApiError);
  return new Kind({ status, code: told.code, message: told.message, details: told.details, requestId, retryAfter });
}
