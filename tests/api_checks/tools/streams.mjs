// Check 13. Usage: node streams.mjs URL KEY SANDBOX. The npm clients hear of a job until it is over, whoever breaks the
// protocol is closed with the code that it says, and pages of other sites and the legacy protocol are refused.
import assert from "node:assert/strict";

import { createClient as createEventsClient } from "graphql-sse";
import { createClient as createSocketClient } from "graphql-ws";
import WebSocket from "ws";

import { post } from "./server.mjs";

const PATIENCE_MS = 60_000;
const PROTOCOL = "graphql-transport-ws";
/** What the npm package ws says when the server speaks none of the protocols it was offered. */
const NO_PROTOCOL = "Server sent no subprotocol";
const FINAL = ["DELIVERED", "SKIPPED"];
/** How long the played platform thinks: long enough for both clients to see the job before and after. */
const DELAY_S = 3;

// The label of repeat orders: it converts as often as it is given.
const QUEUE = `mutation {
  updateLeadStatus(input: {
    lead: { uniqueIdentifier: "crm-1001" }, conversionId: "01900000-0000-7000-8000-000000000004", onConflict: SUPERSEDE
  }) { ... on QueuedResult { job { id } } }
}`;
const INTEGRATIONS = "{ integrations { id platform } }";
const SWITCH = `mutation ($id: ID!, $enabled: Boolean!) {
  updateIntegration(id: $id, input: { enabled: $enabled }) { ... on IntegrationSuccess { integration { enabled } } }
}`;
const WATCH = "subscription ($jobId: ID!) { jobUpdated(jobId: $jobId) { state deliveries { platform state } } }";

const [url, key, sandbox] = process.argv.slice(2);
const socketUrl = url.replace(/^http/, "ws");
const headers = { "X-API-Key": key };
setTimeout(() => {
  console.log(`not through after ${PATIENCE_MS / 1000} s`);
  process.exit(1);
}, PATIENCE_MS).unref();

// Google's verdict on what it accepted comes half an hour later, and keeps a job open until then.
const google = (await ask(INTEGRATIONS)).integrations.find(({ platform }) => platform === "GOOGLE_ADS");
await ask(SWITCH, { id: google.id, enabled: false });
const heard = await watchOneJob();
await ask(SWITCH, { id: google.id, enabled: true });
const closes = await closedWith();
console.log(`graphql-ws ${heard.socket} and graphql-sse ${heard.events} events, both to the end; ${closes}`);

/** Both clients watch one job that takes its time, and must hear how it begins and how it ends. */
async function watchOneJob() {
  await fetch(`${sandbox}/meta/script`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ delayS: DELAY_S, times: 1 }),
  });
  const { updateLeadStatus } = await ask(QUEUE);
  const operation = { query: WATCH, variables: { jobId: updateLeadStatus.job.id } };
  const socket = createSocketClient({
    url: socketUrl,
    webSocketImpl: WebSocket,
    connectionParams: headers,
    retryAttempts: 0,
  });
  const events = createEventsClient({ url, headers, retryAttempts: 0 });
  const [bySocket, byEvents] = await Promise.all([every(socket, operation), every(events, operation)]);
  await socket.dispose();
  events.dispose();
  for (const states of [bySocket, byEvents]) {
    assert.ok(states.length >= 2, "it heard neither beginning nor change");
    assert.notEqual(states[0].state, "COMPLETED");
    assert.equal(states.at(-1).state, "COMPLETED");
    assert.ok(states.at(-1).deliveries.every(({ state }) => FINAL.includes(state)));
  }
  assert.deepEqual(bySocket.at(-1), byEvents.at(-1));
  return { socket: bySocket.length, events: byEvents.length };
}

/** What a client tells, until the server says that it is complete. */
async function every(client, operation) {
  const states = [];
  for await (const { data, errors } of client.iterate(operation)) {
    assert.equal(errors, undefined);
    states.push(data.jobUpdated);
  }
  return states;
}

async function ask(query, variables) {
  const { body } = await post(url, key, { query, variables });
  assert.equal(body.errors, undefined);
  return body.data;
}

/** Each mistake and the code it must be answered with. */
async function closedWith() {
  const init = JSON.stringify({ type: "connection_init", payload: headers });
  const wrongInit = JSON.stringify({ type: "connection_init", payload: { "X-API-Key": "wrong" } });
  const subscribe = JSON.stringify({ id: "1", type: "subscribe", payload: { query: "subscription { __typename }" } });
  const cases = [
    ["before init", 4401, await closeCode([subscribe])],
    ["second init", 4429, await closeCode([init, init])],
    ["not JSON", 4400, await closeCode(["hello"])],
    ["wrong key", 4403, await closeCode([wrongInit])],
    ["legacy protocol", "refused", await closeCode([], { protocol: "graphql-ws" })],
    ["foreign origin", 403, await closeCode([], { origin: "https://elsewhere.example" })],
  ];
  for (const [mistake, expected, found] of cases) assert.equal(found, expected, mistake);
  return cases.map(([mistake, code]) => `${mistake} ${code}`).join(", ");
}

/** The code a socket is closed with after these messages; the HTTP status, or "refused", where it is not even opened. */
function closeCode(messages, { protocol = PROTOCOL, origin } = {}) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(socketUrl, protocol, { origin });
    socket.on("open", () => messages.forEach((message) => socket.send(message)));
    socket.on("close", resolve);
    socket.on("unexpected-response", (_request, response) => resolve(response.statusCode));
    socket.on("error", (error) => (error.message === NO_PROTOCOL ? resolve("refused") : reject(error)));
  });
}
