// Addresses that are told what happens to branches. The scope `admin` may.

import { data, segment } from './transport.js';

const WEBHOOKS = '/v1/webhooks';

/** `client.webhooks`. */
export class Webhooks {
  #transport;

  constructor(transport) {
    this.#transport = transport;
  }

  /** All of them, oldest first. */
  async list() {
    return (await this.#send('GET', '')).webhooks;
  }

  /** Registers an address, for what happens from now on. This answer alone has the secret that signs. */
  create({ url, events, branches, description, active, idempotencyKey }) {
    return this.#send('POST', '', { body: { url, events, branches, description, active }, idempotencyKey });
  }

  /** One of them. */
  get(id) {
    return this.#send('GET', `/${segment(id)}`);
  }

  /** Changes one; what is not active lets its events wait. */
  update(id, { url, events, branches, description, active }) {
    return this.#send('PATCH', `/${segment(id)}`, { body: { url, events, branches, description, active } });
  }

  /** Removes one, and forgets what it waits for. */
  delete(id) {
    return this.#send('DELETE', `/${segment(id)}`);
  }

  /** The last attempts to tell it of something, newest first. */
  async deliveries(id, { limit } = {}) {
    return (await this.#send('GET', `/${segment(id)}/deliveries`, { query: { limit } })).deliveries;
  }

  async #send(method, path, parts) {
    return data(await this.#transport.send(method, WEBHOOKS + path, parts));
  }
}
