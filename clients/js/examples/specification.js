// The specification's example, as printed but for the names of the package and the class: it creates a
// branch, queries it, and merges it into `main`, which must have a table `users` with a column `active`.
//
//   OFFSHOOT_URL=http://localhost:8080 OFFSHOOT_KEY=your-api-key node examples/specification.js

import { Client } from 'offshoot-client';

const client = new Client({
  baseUrl: process.env.OFFSHOOT_URL ?? 'http://localhost:8080',
  apiKey: process.env.OFFSHOOT_KEY ?? 'your-api-key'
});

// Create branch
const branch = await client.branches.create({
  name: 'feature-auth',
  sourceBranch: 'main',
  asOf: { type: 'now' }
});

// Query data
const results = await client.branches.query('feature-auth', {
  sql: 'SELECT * FROM users WHERE active = true'
});

// Merge branch
await client.branches.merge('feature-auth', {
  targetBranch: 'main',
  conflictResolution: 'source_wins',
  deleteAfterMerge: true
});

console.log(`${results.rows.length} rows on ${branch.name}, which is merged`);
