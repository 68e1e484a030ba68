import { getOperationAST } from "graphql";
import { createClient } from "graphql-ws";

import { readKey, withKey } from "./apiKey.js";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";
const KEY_NEEDED = "Type your API key into the Headers pane.";

/**
 * What GraphiQL calls for each operation: subscriptions go over a WebSocket, all else is posted.
 *
 * Failures are thrown as {message}: of an Error GraphiQL would show the stack too.
 *
 * `key.current` is the key that a person typed last, wherever, or "" since they took it away. It serves tabs whose own
 * key is blank, and the schema, which GraphiQL reads before its headers pane exists. Keys are kept in memory only.
 */
export function createFetcher(endpoint, key) {
  return async (operation, { headers: typed, documentAST } = {}) => {
    const sent = readKey(typed) || key.current;
    if (!sent) throw { message: KEY_NEEDED };
    const headers = withKey(typed, sent);
    const definition = documentAST && getOperationAST(documentAST, operation.operationName);
    return definition?.operation === "subscription"
      ? subscription(endpoint, operation, headers)
      : post(endpoint, operation, headers);
  };
}

async function post(endpoint, operation, headers) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: ACCEPT, ...headers },
    body: JSON.stringify(operation),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    // A proxy in between answered, not the server.
    throw { message: `HTTP ${response.status} ${response.statusText}: ${text.slice(0, 500)}` };
  }
}

/** An observable: unlike an async generator it can be stopped while it waits for the next event. */
function subscription(endpoint, operation, headers) {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return {
    subscribe(sink) {
      const client = createClient({ url: url.href, connectionParams: headers, retryAttempts: 0 });
      const stop = client.subscribe(operation, {
        next: (result) => sink.next(result),
        error: (cause) => sink.error(shown(cause)),
        complete: () => sink.complete(),
      });
      return {
        unsubscribe() {
          stop();
          client.dispose();
        },
      };
    },
  };
}

/** A list of GraphQL errors, an Error, or the event of a closed socket, as the response pane shows it. */
function shown(cause) {
  if (Array.isArray(cause)) return cause;
  if (cause.code) return { message: `The connection was closed: ${cause.code} ${cause.reason ?? ""}`.trim() };
  return { message: cause.message || "The connection could not be made." };
}
