// Usage: npm start -- [LEAD [CONVERSION]], with the lead's id in your system, and a label's id, "open" or "lost".
import { RequestError } from "./leadwire.js";
import { describe, updateLeadStatus } from "./updateLeadStatus.js";

const [uniqueIdentifier = "crm-1003", conversionId = "01900000-0000-7000-8000-000000000003"] =
  process.argv.slice(2);

try {
  const outcome = await updateLeadStatus({
    lead: { uniqueIdentifier },
    conversionId,
    // The same call with the same key is done once, so it may be repeated when no answer came.
    idempotencyKey: crypto.randomUUID(),
  });
  console.log(`${outcome.__typename}: ${describe(outcome)}`);
} catch (error) {
  const code = error instanceof RequestError ? error.code : undefined;
  console.error(`${code ?? "No answer"}: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
