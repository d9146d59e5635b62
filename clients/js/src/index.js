// A client of Offshoot, the SQL database that branches. It needs `fetch` and nothing else: Node 20,
// browsers, Deno, edge workers.
//
//   Client ── .branches        branches as things: list, create, get, update, delete, merge, diff, …
//     ├────── .webhooks        addresses that are told what happens to branches
//     └────── .branch('main')  one branch's data: query, execute, insert, rows, update, delete, …
//                 └── .asOf(point)   the same branch as it was
//
// What is asked for is written in camelCase; answers are the `data` of the server's envelope, as the
// API's document has them. The types are in index.d.ts.

import { Branch } from './branch.js';
import { Branches } from './branches.js';
import { Transport, data } from './transport.js';
import { Webhooks } from './webhooks.js';

export { Branch, Branches, Webhooks };
export {
  ApiError, ConnectionLost, Denied, MergeConflict, NotConnected, NotFound, OffshootError, RateLimited,
} from './errors.js';
export { AsOf } from './points.js';
export { Rows } from './result.js';

/** A server, as one caller sees it. */
export class Client {
  #transport;

  constructor(options = {}) {
    this.#transport = new Transport(options);
    this.branches = new Branches(this.#transport);
    this.webhooks = new Webhooks(this.#transport);
  }

  /** One branch's data. Nothing is asked of the server yet. */
  branch(name = 'main', { asOf } = {}) {
    return new Branch(this.#transport, name, asOf);
  }

  /** The commits that live branches reach. */
  async graph({ limit } = {}) {
    return data(await this.#transport.send('GET', '/v1/graph', { query: { limit } }));
  }

  /** Whether the server answers that it is well. */
  async health() {
    return String(await this.#transport.send('GET', '/health')).trim() === 'OK';
  }

  /** What the server is. */
  version() {
    return this.#transport.send('GET', '/version');
  }

  /** The `data` of any address, such as `/v1/branches`: for what has no method here. */
  async request(method, path, { query, body } = {}) {
    return data(await this.#transport.send(method, path, { query, body }));
  }
}

/** The name by which the specification's listing knows the client. */
export { Client as HeliosDBClient };
