// What the compiler must take and must refuse. It is compiled, never run.

import { AsOf, Client, HeliosDBClient, MergeConflict, type Row } from 'offshoot-client';

const client: Client = new HeliosDBClient({ baseUrl: 'http://localhost:8080', apiKey: 'k', fetch });

const made = await client.branches.create({
  name: 'b', sourceBranch: 'main', asOf: { type: 'now' }, options: { readOnly: true }, metadata: { a: [1] },
  expiresAt: new Date(), idempotencyKey: 'once',
});
const status: 'active' | 'merged' | 'deleted' = made.status;
// @ts-expect-error: answers are as the API writes them
made.displayName;
// @ts-expect-error: there must be a name
await client.branches.create({ sourceBranch: 'main' });
// @ts-expect-error: there is no such point
await client.branches.create({ name: 'b', asOf: { type: 'yesterday' } });

for await (const branch of client.branches.all({ status: 'active' })) console.log(branch.stats?.rows.toFixed());
// @ts-expect-error: nothing is sorted by this
await client.branches.list({ sort: 'size' });

const branch = client.branch('b').asOf(AsOf.scn(7));
const got = await branch.query('SELECT $1, $2', [1, new Date()]);
const types: string[] = got.column_types;
const first: Row | undefined = got.first();
for (const row of got) console.log(row.id);
for await (const row of branch.rows('users', { filter: 'age > 40', columns: ['id'] })) console.log(row.id);
// @ts-expect-error: a filter is required
await branch.delete('users', {});
const { ids, inserted } = await branch.insert('users', { at: new Date() }, { onConflict: 'ignore' });
console.log(status, types, first, ids.length, inserted.toFixed());

try {
  await branch.mergeInto('main', { conflictResolution: 'newest_wins', deleteAfterMerge: true, mergeMessage: 'm' });
} catch (error) {
  if (!(error instanceof MergeConflict)) throw error;
  const resolutions = error.conflicts.map(({ table, row_id, column }) => ({ table: table!, row_id, column, take: 'source' as const }));
  const done = await branch.mergeInto('main', { resolutions, conflictToken: error.conflictToken });
  console.log(done.merge_commit?.length);
}
// @ts-expect-error: the API has no such policy
await branch.mergeInto('main', { conflictResolution: 'mine' });
const entry = (await branch.history({ since: new Date() }))[0];
if (entry?.type === 'snapshot') console.log(entry.scn);
