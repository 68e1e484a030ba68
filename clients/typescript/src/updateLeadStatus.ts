import type { UpdateLeadStatusInput, UpdateLeadStatusMutation } from "./generated/graphql.js";
import { graphql } from "./generated/gql.js";
import { execute } from "./leadwire.js";

const UPDATE_LEAD_STATUS = graphql(`
  mutation UpdateLeadStatus($input: UpdateLeadStatusInput!) {
    updateLeadStatus(input: $input) {
      __typename
      ... on QueuedResult {
        job {
          id
          state
        }
        warnings {
          integration
          reason
        }
      }
      ... on OpenResult {
        lead {
          status
        }
      }
      ... on DuplicateJobError {
        job {
          id
          createdAt
        }
      }
      ... on InvalidInputError {
        problems {
          path
          message
        }
      }
      # Every refusal, those of later versions too.
      ... on UserError {
        code
        message
      }
    }
  }
`);

export type Outcome = UpdateLeadStatusMutation["updateLeadStatus"];

/** Says what became of a lead, and queues its conversion. */
export async function updateLeadStatus(input: UpdateLeadStatusInput): Promise<Outcome> {
  const { updateLeadStatus: outcome } = await execute(UPDATE_LEAD_STATUS, { input });
  return outcome;
}

/** What the outcome means, for people. */
export function describe(outcome: Outcome): string {
  switch (outcome.__typename) {
    case "QueuedResult":
      return [
        `Queued as job ${outcome.job.id}.`,
        ...outcome.warnings.map(({ integration, reason }) => `${integration}: ${reason}`),
      ].join("\n  ");
    case "OpenResult":
      return `The lead is ${outcome.lead.status} again.`;
    case "DuplicateJobError":
      return `Still busy with job ${outcome.job.id} of ${outcome.job.createdAt}: ${outcome.message}`;
    case "InvalidInputError":
      return outcome.problems.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n  ");
    case "LeadNotFoundError":
    case "ConversionLabelNotFoundError":
      return outcome.message;
    default:
      return describeLater(outcome);
  }
}

/**
 * A member that the server learned after this client was generated.
 *
 * `never` is what the compiler knows: it refuses the call above as soon as the schema has a member without a case.
 */
function describeLater(outcome: never): string {
  const { code, message } = outcome as { code?: string; message?: string };
  return message ? `Refused (${code}): ${message}` : "Done, in a way this client does not know.";
}
