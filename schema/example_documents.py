"""The documents of the explorer's examples; what they are run with is in schema.examples."""

UPDATE_LEAD_STATUS = """
mutation UpdateLeadStatus($input: UpdateLeadStatusInput!) {
  updateLeadStatus(input: $input) {
    __typename
    ... on QueuedResult {
      message
      status
      job { id state }
      warnings { integration code field reason }
    }
    ... on OpenResult {
      message
      status
      canceledJob { id state }
    }
    ... on DuplicateJobError { job { id state createdAt } }
    ... on LeadNotFoundError { identifiedBy }
    ... on ConversionLabelNotFoundError { conversionId }
    ... on InvalidInputError { problems { path message } }
    ... on UserError { # every refusal, later ones too
      code
      message
    }
  }
}
"""

LEAD_DELIVERIES = """
query LeadDeliveries($by: LeadIdentifierInput!) {
  lead(by: $by) {
    id
    uniqueIdentifier
    status
    label { name }
    currentJob {
      id
      state
      active
      price
      currency
      occurredAt
      finishedAt
      deliveries {
        platform
        kind
        state
        attempts
        nextAttemptAt
        platformEventId
        platformRequestId
        errorCode
        errorMessage
        warning { code field reason }
        attemptLog { number httpStatus errorMessage }
        request
        response
      }
    }
  }
}
"""

WATCH_JOB = """
subscription WatchJob($jobId: ID!) {
  jobUpdated(jobId: $jobId) {
    state
    active
    finishedAt
    deliveries { platform state attempts nextAttemptAt errorCode errorMessage }
  }
}
"""

PREVIEW_LEAD_STATUS = """
query PreviewLeadStatus($input: UpdateLeadStatusInput!) {
  previewLeadStatus(input: $input) {
    __typename
    ... on LeadStatusPreview {
      status
      queued
      deliveries { platform kind plan sendAt expiresAt request }
      cancels { id platform state }
      warnings { integration code field reason willSkip }
    }
    ... on UserError {
      code
      message
    }
  }
}
"""

LABELS_AND_INTEGRATIONS = """
query LabelsAndIntegrations {
  conversionLabels {
    id
    name
    builtIn
    markAsDone
    convertOnce
    defaultPrice
    mappings { integration { name } target held heldReason }
  }
  integrations {
    id
    platform
    name
    enabled
    paused
    pauseReason
    pauseMessage
    nextProbeAt
    testMode
  }
}
"""

CREATE_LEAD = """
mutation CreateLead($input: CreateLeadInput!) {
  createLead(input: $input) {
    __typename
    ... on CreateLeadSuccess {
      created
      lead { id uniqueIdentifier status createdAt }
    }
    ... on InvalidInputError { problems { path message } }
    ... on UserError {
      code
      message
    }
  }
}
"""

FIND_LEADS = """
query FindLeads($filter: LeadFilter, $first: Int, $after: String) {
  leads(filter: $filter, first: $first, after: $after) {
    edges {
      node {
        id
        uniqueIdentifier
        firstName
        lastName
        status
        label { name }
        price
        currency
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

UNSENT_DELIVERIES = """
query UnsentDeliveries($filter: DeliveryFilter) {
  deliveries(filter: $filter, first: 20) {
    totals { state count }
    oldestDueAgeS
    edges {
      node {
        id
        platform
        state
        lead { uniqueIdentifier }
        warning { code field reason }
        errorCode
        errorMessage
        nextAttemptAt
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}
"""

RETRY_DELIVERIES = """
mutation RetryDeliveries($filter: DeliveryFilter!, $dryRun: Boolean!) {
  retryDeliveries(filter: $filter, dryRun: $dryRun) {
    matched
    retried
    skipped
    skippedBecause { code count }
  }
}
"""

ERASE_LEAD = """
mutation EraseLead($by: LeadIdentifierInput!) {
  eraseLead(by: $by) {
    __typename
    ... on EraseLeadSuccess {
      leadId
      canceledDeliveries
    }
    ... on UserError {
      code
      message
    }
  }
}
"""

CONNECT_INTEGRATION = """
mutation ConnectIntegration($input: ConnectIntegrationInput!) {
  connectIntegration(input: $input) {
    __typename
    ... on IntegrationSuccess {
      integration { id platform name enabled }
    }
    ... on InvalidInputError { problems { path message } }
    ... on UserError {
      code
      message
    }
  }
}
"""

CREATE_CONVERSION_LABEL = """
mutation CreateConversionLabel($input: CreateConversionLabelInput!) {
  createConversionLabel(input: $input) {
    __typename
    ... on ConversionLabelSuccess {
      label {
        id
        name
        mappings { integration { name } target }
      }
    }
    ... on InvalidInputError { problems { path message } }
    ... on UserError {
      code
      message
    }
  }
}
"""

CREATE_API_KEY = """
mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    __typename
    ... on CreateApiKeySuccess {
      key # shown this once
      apiKey { id name kind scopes }
    }
    ... on InvalidInputError { problems { path message } }
    ... on UserError {
      code
      message
    }
  }
}
"""
