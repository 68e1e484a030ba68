// Check 2. Usage: node diff.mjs server SDL URL KEY: nothing may differ.
//          node diff.mjs release OLD_SDL NEW_SDL allowed|refused: whether breaking changes are announced, so allowed.
import { readFileSync } from "node:fs";

import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { buildSchema, printSchema } from "graphql";

import { introspect } from "./server.mjs";

const [against, ...rest] = process.argv.slice(2);
const read = (path) => buildSchema(readFileSync(path, "utf8"));

if (against === "server") {
  const [sdl, url, key] = rest;
  const { schema } = await introspect(url, key);
  // Printed: the comparison looks for directives in the text, which an introspected schema does not have.
  const changes = await list(read(sdl), buildSchema(printSchema(schema)));
  console.log(changes.length ? `${changes.length} differences` : "No changes detected");
  if (changes.length) process.exitCode = 1;
} else {
  const [before, after, breaking] = rest;
  const changes = await list(read(before), read(after));
  const count = (level) => changes.filter((change) => change.criticality.level === level).length;
  const broken = count(CriticalityLevel.Breaking);
  console.log(
    `${broken} breaking, ${count(CriticalityLevel.Dangerous)} dangerous, ${count(CriticalityLevel.NonBreaking)} other`,
  );
  if (broken && breaking !== "allowed") process.exitCode = 1;
}

async function list(before, after) {
  const changes = await diff(before, after);
  for (const { criticality, message } of changes) console.log(criticality.level, message);
  return changes;
}
