import type { TypedDocumentString } from "./generated/graphql.js";

/** Where Leadwire answers, and with which key; the defaults are those of `make run`. */
const url = process.env["LEADWIRE_URL"] ?? "http://127.0.0.1:8000/graphql";
const apiKey = process.env["LEADWIRE_API_KEY"] ?? "demo-key";
const TIMEOUT_MS = 30_000;

interface GraphQLError {
  message: string;
  extensions?: { code?: string };
}

interface Answer<Result> {
  data?: Result | null;
  errors?: GraphQLError[];
}

/** The request itself was refused, or failed; `code` is such as UNAUTHENTICATED or BAD_USER_INPUT. */
export class RequestError extends Error {
  readonly code: string | undefined;

  constructor(error: GraphQLError) {
    super(error.message);
    this.name = "RequestError";
    this.code = error.extensions?.code;
  }
}

/** Runs one operation. Refusals by a rule are part of `Result`; all else is thrown. */
export async function execute<Result, Variables>(
  document: TypedDocumentString<Result, Variables>,
  variables: Variables,
): Promise<Result> {
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/graphql-response+json, application/json;q=0.9",
      "X-API-Key": apiKey,
    },
    body: JSON.stringify({ query: document.toString(), variables }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.headers.get("content-type")?.includes("json")) {
    throw new Error(`HTTP ${response.status}: that was no GraphQL server`);
  }
  const { data, errors } = (await response.json()) as Answer<Result>;
  if (errors?.[0]) throw new RequestError(errors[0]);
  if (!data) throw new Error(`HTTP ${response.status} without data`);
  return data;
}
