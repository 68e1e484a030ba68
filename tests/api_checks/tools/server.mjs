import { buildClientSchema, getIntrospectionQuery } from "graphql";

/** Everything an editor or a generator may ask for. */
const EVERYTHING = {
  descriptions: true,
  specifiedByUrl: true,
  directiveIsRepeatable: true,
  schemaDescription: true,
  inputValueDeprecation: true,
  oneOf: true,
};

/** Posts one operation; answers {status, body}. */
export async function post(url, key, operation) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-API-Key": key },
    body: JSON.stringify(operation),
  });
  return { status: response.status, body: await response.json() };
}

/** The standard introspection query with all its options; answers {schema, tokens, bytes}. */
export async function introspect(url, key) {
  const query = getIntrospectionQuery(EVERYTHING);
  const { status, body } = await post(url, key, { query });
  if (status !== 200 || body.errors) throw new Error(`HTTP ${status}: ${JSON.stringify(body.errors)}`);
  return { query, schema: buildClientSchema(body.data), bytes: JSON.stringify(body).length };
}
