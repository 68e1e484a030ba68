// Check 7: what relay-compiler is given. It reads the tagged documents; the file is never run.
import { graphql } from "relay-runtime";

// Members alone, no fragment on the interface: with one, Relay does not tell the members apart.
graphql`
  mutation operationsUpdateLeadStatusMutation($input: UpdateLeadStatusInput!) {
    updateLeadStatus(input: $input) {
      __typename
      ... on QueuedResult {
        job {
          id
          state
        }
      }
      ... on OpenResult {
        lead {
          id
          status
        }
      }
      ... on DuplicateJobError {
        job {
          id
        }
        code
        message
      }
      ... on InvalidInputError {
        problems {
          path
          message
        }
      }
      ... on LeadNotFoundError {
        code
        message
      }
      ... on ConversionLabelNotFoundError {
        code
        message
      }
    }
  }
`;

graphql`
  query operationsLeadsQuery($first: Int!, $after: String) {
    ...operations_leads @arguments(first: $first, after: $after)
  }
`;

graphql`
  fragment operations_leads on Query
  @argumentDefinitions(first: { type: "Int", defaultValue: 20 }, after: { type: "String" })
  @refetchable(queryName: "operationsLeadsPaginationQuery") {
    leads(first: $first, after: $after) @connection(key: "operations_leads") {
      edges {
        node {
          id
          status
        }
      }
    }
  }
`;

graphql`
  subscription operationsJobUpdatedSubscription($jobId: ID!) {
    jobUpdated(jobId: $jobId) {
      id
      state
      deliveries {
        id
        state
      }
    }
  }
`;
