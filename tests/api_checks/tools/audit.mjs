// Check 1. Usage: node audit.mjs URL KEY. GraphQL over HTTP, as graphql-http audits it.
import { auditServer } from "graphql-http";

/**
 * What the audit must say, exactly. Its one notice is of what a server may do and this one does not: answer a GET that
 * does not ask for JSON, as a browser sends one for any page. When its requests do ask for it, nothing is left.
 */
const EXPECTED = { ok: 60, notice: 1, warn: 0, error: 0 };
const EXPECTED_OF_JSON = { ok: 61, notice: 0, warn: 0, error: 0 };
const JSON_TYPE = "application/json";

const [url, key] = process.argv.slice(2);
const asItIs = await audit({});
const ofJson = await audit({ accept: JSON_TYPE });
console.log(
  `${asItIs.ok} of ${total(asItIs)} ok, ${asItIs.notice} notice, ${asItIs.warn} warnings, ${asItIs.error} errors; ` +
    `${ofJson.ok} of ${total(ofJson)} when it always asks for JSON`,
);
if (!same(asItIs, EXPECTED) || !same(ofJson, EXPECTED_OF_JSON)) process.exitCode = 1;

/** How many of each status; `headers` are sent where the audit itself says nothing. */
async function audit(headers) {
  const fetchFn = (input, init) =>
    fetch(input, { ...init, headers: { ...headers, ...init?.headers, "x-api-key": key } });
  const found = { ok: 0, notice: 0, warn: 0, error: 0 };
  for (const { status, id, name, reason } of await auditServer({ url, fetchFn })) {
    found[status] += 1;
    if (status !== "ok") console.log(status, id, name, "::", reason);
  }
  return found;
}

function total(found) {
  return Object.values(found).reduce((sum, count) => sum + count);
}

function same(found, expected) {
  return Object.keys(expected).every((status) => found[status] === expected[status]);
}
