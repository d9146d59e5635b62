// Requests and answers, and what may be sent a second time.
//
// What the server has not begun may always be sent again: 429, and errors whose details say
// `retriable`. What was lost on the way may have happened, so only reads are sent again then.

import { ApiError, ConnectionLost, OffshootError, errorOf } from './errors.js';

/** Statuses by which something between us and the server says that it may go better later. */
const PASSING = [502, 503, 504];

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
  async send(method, path, { query = {}, body, reads = method === 'GET' } = {}) {
    const asked = Object.entries(query).filter(([, value]) => value !== undefined && value !== null);
    const words = asked.map(([name, value]) => `${name}=${encodeURIComponent(value instanceof Date ? value.toISOString() : value)}`);
    const url = this.#base + path + (words.length ? `?${words.join('&')}` : '');
    const headers = new Headers(this.#headers);
    if (body !== undefined) headers.set('Content-Type', 'application/json');
    const request = { method, headers, body: body === undefined ? undefined : JSON.stringify(body) };
    const { retries, waitMaxMs } = this.#options;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await this.#once(url, request);
      } catch (error) {
        if (attempt >= retries || !mayRepeat(error, reads)) throw error;
        const own = Math.min(100 * 2 ** attempt, waitMaxMs) * (0.5 + Math.random() / 2);
        const wait = typeof error.retryAfter === 'number' ? error.retryAfter * 1000 : own;
        if (wait > waitMaxMs) throw error;
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async #once(url, request) {
    const { fetch, timeoutMs } = this.#options;
    let answer, text;
    try {
      answer = await fetch(url, { ...request, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) });
      text = await answer.text();
    } catch (cause) {
      throw new ConnectionLost(`${request.method} ${url}: ${cause?.cause?.message ?? cause?.message}`, { cause });
    }
    const body = decoded(answer, text);
    if (answer.ok) return body;
    throw errorOf({
      status: answer.status,
      body,
      requestId: answer.headers.get('X-Request-Id'),
      retryAfter: seconds(answer.headers.get('Retry-After')),
    });
  }
}

/** A name as one part of an address. */
export const segment = encodeURIComponent;

/** What is inside an envelope. */
export function data(answer) {
  if (answer === null || typeof answer !== 'object' || !('data' in answer)) {
    throw new OffshootError(`the answer is no envelope: ${String(answer).slice(0, 200)}`);
  }
  return answer.data;
}

function mayRepeat(error, reads) {
  if (error instanceof ConnectionLost) return reads;
  if (!(error instanceof ApiError)) return false;
  return error.status === 429 || error.details?.retriable === true || (reads && PASSING.includes(error.status));
}

function decoded(answer, text) {
  if (!(answer.headers.get('Content-Type') ?? '').includes('json')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const seconds = (text) => (text !== null && /^\d+$/.test(text) ? Number(text) : null);
