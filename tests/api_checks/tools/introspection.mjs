// Check 15. Usage: node introspection.mjs URL KEY. The standard introspection query with all options passes the limits.
import { Lexer, Source, TokenKind } from "graphql";

import { introspect } from "./server.mjs";

const [url, key] = process.argv.slice(2);
const { query, schema, bytes } = await introspect(url, key);
const types = Object.keys(schema.getTypeMap()).filter((name) => !name.startsWith("__"));
console.log(`${tokensOf(query)} tokens answered: ${types.length} types, ${Math.round(bytes / 1024)} KiB`);

function tokensOf(text) {
  const lexer = new Lexer(new Source(text));
  let count = 0;
  while (lexer.advance().kind !== TokenKind.EOF) count += 1;
  return count;
}
