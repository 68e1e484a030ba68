// Check 3. Usage: node lint.mjs SDL. graphql-eslint with its recommended rules and those of Relay.
import { dirname } from "node:path";

import graphqlPlugin from "@graphql-eslint/eslint-plugin";
import { ESLint } from "eslint";

/** Outcomes, and the parts of a page or of an answer, are not things with an identity of their own. */
const WITHOUT_ID = {
  suffixes: ["Result", "Success", "Error", "Preview", "Connection", "Edge"],
  types: [
    "Attribution",
    "Consent",
    "DeliveryAttempt",
    "DeliveryTotal",
    "Device",
    "AuditChange",
    "InputProblem",
    "IntegrationTestReport",
    "IntegrationWarning",
    "LabelMapping",
    "PageInfo",
    "RetrySkip",
  ],
};

const [sdl] = process.argv.slice(2);
const rules = {
  ...graphqlPlugin.configs["flat/schema-recommended"].rules,
  ...graphqlPlugin.configs["flat/schema-relay"].rules,
  "@graphql-eslint/strict-id-in-types": [
    "error",
    { exceptions: WITHOUT_ID },
  ],
  // Short lists that belong to one thing are plain lists; what grows is a connection.
  "@graphql-eslint/relay-edge-types": [
    "error",
    { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
  ],
};
const eslint = new ESLint({
  cwd: dirname(sdl),
  overrideConfigFile: true,
  overrideConfig: {
    files: ["**/*.graphql"],
    languageOptions: { parser: graphqlPlugin.parser, parserOptions: { graphQLConfig: { schema: sdl } } },
    plugins: { "@graphql-eslint": graphqlPlugin },
    rules,
  },
});
const results = await eslint.lintFiles([sdl]);
console.log((await eslint.loadFormatter("stylish")).format(results));
const problems = results.reduce((sum, { errorCount, warningCount }) => sum + errorCount + warningCount, 0);
console.log(`${problems} problems by ${Object.keys(rules).length} rules`);
if (problems || !results.length) process.exitCode = 1;
