// Requests and answers, and what may be sent a second time.
//
// What the server has not begun may always be sent again: 429, errors whose details say `retriable`, and
// connections that were never made. What was lost on the way may have happened, so only reads, and
// requests with an idempotency key, are sent again then.

import { ApiError, ConnectionLost, NotConnected, OffshootError, errorOf } from './errors.js';

/** Statuses by which something between us and the server says that it may go better later. */
const PASSING = [502, 503, 504];

/** What Node calls a connection that was not made; Deno has words for it. */
const NOT_MADE = ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'];

/** An attempt is given this much more than the statement that it runs. */
const ROUND_TRIP_MS = 5000;

export class Transport {
  #base;
  #headers;
  #options;

  constructor({ baseUrl = 'http://127.0.0.1:8080', apiKey, token, headers = {}, ...options }) {
    const url = new URL(baseUrl);
    if (!/^https?:$/.test(url.protocol)) throw new TypeError(`baseUrl must be http://… or https://…, not ${baseUrl}`);
    this.#base = url.origin + url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '');
    this.#headers = new Headers(headers);
    this.#headers.set('Accept', 'application/json');
    this.#headers.set('Offshoot-Dialect', 'envelope');
    if (apiKey !== undefined) this.#headers.set('X-API-Key', apiKey);
    if (token !== undefined) this.#headers.set('Authorization', `Bearer ${token}`);
    const { fetch = globalThis.fetch, timeoutMs = 60_000, retries = 3, waitMaxMs = 30_000 } = options;
    // Browsers want their fetch called without an object before the point.
    this.#options = { fetch: (...args) => fetch(...args), timeoutMs, retries, waitMaxMs };
  }

  /**
   * The decoded body of an answer of status 2xx. What is undefined in the query or the body is left
   * out. `reads` says that a request changes nothing; unsaid, that is so for GET.
   */
  async send(method, path, { query = {}, body, reads = method === 'GET', idempotencyKey } = {}) {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const words = asked.map(([name, value]) => `${name}=${encodeURIComponent(value instanceof Date ? value.toISOString() : value)}`);
    const url = this.#base + path + (words.length ? `?${words.join('&')}` : '');
    const headers = new Headers(this.#headers);
    if (body !== undefined) headers.set('Content-Type', 'application/json');
    if (idempotencyKey !== undefined) headers.set('Idempotency-Key', idempotencyKey);
    const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
    const { timeoutMs, retries, waitMaxMs } = this.#options;
    const statement = body?.timeout_ms === undefined ? 0 : body.timeout_ms + ROUND_TRIP_MS;
    const limit = Math.max(timeoutMs, statement);
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#once(url, request, limit);
      } catch (error) {
        if (attempt >= retries || !mayRepeat(error, reads || idempotencyKey !== undefined)) throw error;
        // Between half of it and all of it, so that clients that failed together do not come back together.
        const own = Math.min(100 * 2 ** attempt, waitMaxMs) * (0.5 + Math.random() / 2);
        const wait = typeof error.retryAfter === 'number' ? error.retryAfter * 1000 : own;
        if (wait > waitMaxMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #once(url, request, limit) {
    let answer, text;
    try {
      // Elsewhere than where it was sent, a request would take its key along. `error` is unknown at the edge.
      answer = await this.#options.fetch(url, { ...request, redirect: 'manual', signal: AbortSignal.timeout(limit) });
      text = await answer.text();
    } catch (cause) {
      const Kind = causes(cause).some(notMade) ? NotConnected : ConnectionLost;
      throw new Kind(`${request.method} ${url}: ${cause?.cause?.message || cause?.message}`, { cause });
    }
    const body = decoded(answer, text);
    if (answer.ok) return body;
    throw errorOf({
      status: answer.status,
      body,
      requestId: answer.headers.get('X-Request-Id'),
      retryAfter: seconds(answer.headers),
    });
  }
}

/** A name as one part of an address. */
export function segment(name) {
  // An address drops the first two, however they are written, and means another thing without them.
  if (['.', '..', ''].includes(name)) throw new TypeError(`'${name}' is no name`);
  return encodeURIComponent(name);
}

/** What is inside an envelope. */
export function data(answer) {
  if (answer === null || typeof answer !== 'object' || !('data' in answer)) {
    throw new OffshootError(`the answer is no envelope: ${String(answer).slice(0, 200)}`);
  }
  return answer.data;
}

function mayRepeat(error, repeatable) {
  if (error instanceof ConnectionLost) return repeatable || error instanceof NotConnected;
  if (!(error instanceof ApiError)) return false;
  return error.status === 429 || error.details?.retriable === true || (repeatable && PASSING.includes(error.status));
}

// An error, what caused it, and, where several addresses were tried, what happened at each.
function causes(error) {
  const cause = error?.cause;
  return [error, cause, ...(cause?.errors ?? [])].filter((one) => one !== null && typeof one === 'object');
}

const notMade = (error) => NOT_MADE.includes(error.code) || /client error \(Connect\)/.test(error.message);

function decoded(answer, text) {
  if (!(answer.headers.get('Content-Type') ?? '').includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// What `Retry-After` says, in seconds: it may be a date, which is measured against the answer's own clock.
function seconds(headers) {
  const text = headers.get('Retry-After');
  if (text === null) return null;
  if (/^\d+$/.test(text)) return Number(text);
  const now = Date.parse(headers.get('Date')) || Date.now();
  const wait = (Date.parse(text) - now) / 1000;
  return Number.isNaN(wait) ? null : Math.max(wait, 0);
}
