"""The documents the explorer opens with: ready to run in the demo, to be filled in elsewhere."""

from collections.abc import Mapping

from schema.explorer import ExplorerExamples, ExplorerTab

UPDATE_LEAD_STATUS = """
mutation UpdateLeadStatus($input: UpdateLeadStatusInput!) {
  updateLeadStatus(input: $input) {
    __typename
    ... on QueuedResult {
      message
      status
      identifiedBy
      job { id state }
      warnings { integration code field reason willSkip }
    }
    ... on OpenResult {
      message
      status
      identifiedBy
      canceledJob { id state }
    }
    ... on DuplicateJobError {
      job { id state createdAt }
    }
    ... on LeadNotFoundError {
      identifiedBy
    }
    ... on ConversionLabelNotFoundError {
      conversionId
    }
    ... on InvalidInputError {
      problems { path message }
    }
    ... on UserError { # every error, those of later versions too
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


def demo_examples(
    *, api_key: str, unique_identifier: str, conversion_id: str, price_cents: int
) -> ExplorerExamples:
    """Examples that run as they are: the first click on Run queues a conversion of this lead."""
    return _examples(
        api_key=api_key,
        lead={"uniqueIdentifier": unique_identifier},
        status={"conversionId": conversion_id, "price": price_cents},
    )


def blank_examples() -> ExplorerExamples:
    """Examples with placeholders. Run before they are filled in, they find no lead and no label."""
    return _examples(
        api_key="",
        lead={"uniqueIdentifier": "the lead's id in your CRM"},
        status={"conversionId": "a label's id, from the tab LabelsAndIntegrations"},
    )


def _examples(*, api_key: str, lead: Mapping[str, str], status: Mapping[str, object]) -> ExplorerExamples:
    return ExplorerExamples(
        headers={"X-API-Key": api_key},
        tabs=(
            ExplorerTab(
                title="Say what became of a lead; its conversion is queued.",
                query=UPDATE_LEAD_STATUS,
                # The default, spelled out: the editor underlines an input that lacks a non-null field.
                variables={"input": {"lead": lead, **status, "onConflict": "REJECT"}},
            ),
            ExplorerTab(
                title="The lead's newest job, and what each platform made of it.",
                query=LEAD_DELIVERIES,
                variables={"by": lead},
            ),
            ExplorerTab(
                title="What losing the lead would do, without doing it.",
                query=PREVIEW_LEAD_STATUS,
                variables={"input": {"lead": lead, "conversionId": "lost", "onConflict": "SUPERSEDE"}},
            ),
            ExplorerTab(
                title="A job as it moves, until all platforms have answered.",
                query=WATCH_JOB,
                variables={"jobId": "the id of a job, from the answer in the first tab"},
            ),
            ExplorerTab(
                title="The labels to give a lead, and what is connected.",
                query=LABELS_AND_INTEGRATIONS,
                variables={},
            ),
        ),
    )
