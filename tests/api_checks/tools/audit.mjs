// Check 1. Usage: node audit.mjs URL KEY. GraphQL over HTTP, as graphql-http audits it.
import { auditServer } from "graphql-http";

/** What the audit must say, exactly. GET is off, which the three notices remark on and the specification allows. */
const EXPECTED = { ok: 58, notice: 3, warn: 0, error: 0 };

const [url, key] = process.argv.slice(2);
const found = { ok: 0, notice: 0, warn: 0, error: 0 };
const withKey = (input, init) => fetch(input, { ...init, headers: { ...init?.headers, "X-API-Key": key } });

for (const result of await auditServer({ url, fetchFn: withKey })) {
  found[result.status] += 1;
  if (result.status !== "ok") console.log(result.status, result.id, result.name, "::", result.reason);
}
const total = Object.values(found).reduce((sum, count) => sum + count);
console.log(`${found.ok} of ${total} ok, ${found.notice} notices, ${found.warn} warnings, ${found.error} errors`);
if (Object.keys(EXPECTED).some((status) => found[status] !== EXPECTED[status])) process.exitCode = 1;
