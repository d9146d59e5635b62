// Writes src/api.d.ts from a server's OpenAPI document: what requests take and answers hold, in the
// API's own words. `npm run types -- http://127.0.0.1:8080`

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import openapiTS, { COMMENT_HEADER, astToString } from 'openapi-typescript';

export const TYPES = new URL('../src/api.d.ts', import.meta.url);

/** The text of src/api.d.ts as the server at `base` would have it. */
export async function types(base) {
  const answer = await fetch(`${base}/v1/openapi.json?dialect=envelope`);
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  const document = await answer.json();
  const written = await openapiTS(needed(document), { alphabetize: true, emptyObjectsUnknown: true });
  return COMMENT_HEADER + astToString(written);
}

// The schemas of answers, and those of bodies and queries under their operation's name. The rest of
// the document says for each address again how it fails, which the client has one class for.
function needed({ openapi, info, paths, components }) {
  const schemas = { ...components.schemas };
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  for (const { operationId: id, requestBody, parameters = [] } of operations) {
    const body = requestBody?.content['application/json']?.schema;
    // Which of two spellings must be there, the client knows: it writes one.
    if (body) schemas[`${id}.body`] = { ...body, anyOf: undefined };
    const query = parameters.filter((parameter) => parameter.in === 'query');
    if (!query.length) continue;
    const properties = query.map(({ name, description, schema: { default: _, ...schema } }) => [name, { ...schema, description }]);
    const required = query.filter((parameter) => parameter.required).map((parameter) => parameter.name);
    schemas[`${id}.query`] = { type: 'object', properties: Object.fromEntries(properties), required };
  }
  return { openapi, info, paths: {}, components: { schemas } };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const base = process.argv[2] ?? process.env.OFFSHOOT_URL ?? 'http://127.0.0.1:8080';
  await writeFile(TYPES, await types(base));
}
