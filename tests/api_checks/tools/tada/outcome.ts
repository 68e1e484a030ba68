// Check 6: types inferred by gql.tada tell the members of the union apart, a fragment on the interface among them.
import { initGraphQLTada, type ResultOf } from "gql.tada";

import type { introspection } from "./generated/schema.d.ts";

const graphql = initGraphQLTada<{
  introspection: introspection;
  scalars: { Cents: number; Date: string; DateTime: string; JSON: unknown };
}>();

export const UPDATE_LEAD_STATUS = graphql(`
  mutation UpdateLeadStatus($input: UpdateLeadStatusInput!) {
    updateLeadStatus(input: $input) {
      __typename
      ... on QueuedResult {
        job {
          id
          price
          createdAt
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
        }
      }
      ... on UserError {
        code
        message
      }
    }
  }
`);

type Outcome = ResultOf<typeof UPDATE_LEAD_STATUS>["updateLeadStatus"];

export function describe(outcome: Outcome): string {
  switch (outcome.__typename) {
    case "QueuedResult": {
      const price: number | null = outcome.job.price;
      return `${outcome.job.id} ${price} ${outcome.job.createdAt.slice(0, 10)}`;
    }
    case "OpenResult":
      return outcome.lead.status;
    case "DuplicateJobError":
      return outcome.job.id;
    case "InvalidInputError":
    case "LeadNotFoundError":
    case "ConversionLabelNotFoundError":
      return `${outcome.code} ${outcome.message}`;
    default:
      return outcome satisfies never;
  }
}
