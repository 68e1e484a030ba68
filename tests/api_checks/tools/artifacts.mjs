// Check 7. Usage: node artifacts.mjs FOLDER. What relay-compiler made: the union's members are told apart, those of
// later versions included, and a list can be paged through.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const artifacts = Object.fromEntries(
  readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), "utf8")]),
);
const mutation = artifacts["operationsUpdateLeadStatusMutation.graphql.ts"];

assert.match(mutation, /readonly __typename: "%other"/);
assert.match(mutation, /readonly __typename: "QueuedResult"/);
assert.ok(artifacts["operationsLeadsPaginationQuery.graphql.ts"], "@refetchable makes a query");
assert.match(artifacts["operations_leads.graphql.ts"], /"connection": \[/);
console.log(`${Object.keys(artifacts).length} artifacts; members told apart, with "%other"; @connection, @refetchable`);
