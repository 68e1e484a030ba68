// Check 14. Usage: node explorer.mjs ORIGIN [SCREENSHOT]. The explorer in headless Chromium: it asks no other host for
// anything, the console stays empty of errors, the first click on Run queues a conversion, the WebSocket tells what
// becomes of it, a task opens from the panel, and without a key nothing is sent.
import assert from "node:assert/strict";

import { launch } from "./browser.mjs";

const LEFT_OUT = 77;
const SIZE = { width: 1440, height: 900 };
const PATIENCE_MS = 60_000;
const SCROLL_BARS_FADE_MS = 2_000;
const MEMBER = /"__typename": "(QueuedResult|OpenResult|DuplicateJobError)"/;
const JOB_ID = /"id": "([0-9a-f-]{36})"/;

const [origin, screenshot] = process.argv.slice(2);
const browser = await launch();
if (!browser) {
  console.log("there is no Chromium, and it could not be installed");
  process.exit(LEFT_OUT);
}
const elsewhere = [];
const complaints = [];
let page;
try {
  page = await opened();
  const readyMs = await ready();
  const [, member, jobId] = await firstRun();
  await watch(jobId);
  await openTask();
  await takeKeyAway();
  assert.deepEqual(elsewhere, []);
  assert.deepEqual(complaints, []);
  console.log(
    `ready in ${readyMs} ms, 0 foreign hosts, 0 console errors, first click on Run: ${member}; WebSocket, task, no key`,
  );
} finally {
  await browser.close();
}

async function opened() {
  const made = await browser.newPage({ viewport: SIZE });
  made.setDefaultTimeout(PATIENCE_MS);
  made.on("request", (request) => noteIfElsewhere(request.url()));
  made.on("websocket", (socket) => noteIfElsewhere(socket.url()));
  made.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text());
  });
  made.on("pageerror", (error) => complaints.push(error.message));
  return made;
}

function noteIfElsewhere(address) {
  const { protocol, host } = new URL(address);
  if (/^(http|ws)s?:$/.test(protocol) && host !== new URL(origin).host) elsewhere.push(address);
}

async function ready() {
  const begin = Date.now();
  await page.goto(`${origin}/graphiql`);
  await runButton().waitFor();
  return Date.now() - begin;
}

async function firstRun() {
  await runButton().click();
  const answer = await answerWith("__typename");
  if (screenshot) {
    await page.mouse.move(SIZE.width / 2, SIZE.height - 1);
    await page.waitForTimeout(SCROLL_BARS_FADE_MS);
    await page.screenshot({ path: screenshot });
  }
  assert.match(answer, MEMBER, "the first click on Run is answered with a member of the union");
  return ["", MEMBER.exec(answer)[1], JOB_ID.exec(answer)[1]];
}

async function watch(jobId) {
  await page.getByRole("tab", { name: "WatchJob" }).click();
  await type("Variables", JSON.stringify({ jobId }));
  const socket = page.waitForEvent("websocket");
  await runButton().click();
  assert.equal((await socket).url(), `${origin.replace(/^http/, "ws")}/graphql`);
  await answerWith("jobUpdated");
}

async function openTask() {
  await page.getByRole("button", { name: "Leads by a part" }).click();
  await page.getByRole("tab", { name: "FindLeads" }).waitFor();
  await runButton().click();
  assert.match(await answerWith("edges"), /"crm-1001"|"firstName"/);
}

async function takeKeyAway() {
  await page.getByRole("button", { name: "Headers", exact: true }).click();
  await type("Headers", JSON.stringify({ "X-API-Key": "" }));
  await runButton().click();
  await answerWith("Type your API key into the Headers pane");
}

function runButton() {
  return page.getByRole("button", { name: "Execute query" });
}

/** Replaces what is in a pane, as a person does. */
async function type(pane, text) {
  await page.getByRole("region", { name: pane }).click();
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.insertText(text);
  // The brackets that the editor closed by itself.
  await page.keyboard.press("ControlOrMeta+Shift+End");
  await page.keyboard.press("Delete");
}

/** What the result pane shows, once it shows this. */
async function answerWith(text) {
  const pane = page.getByRole("region", { name: "Result Window" });
  await pane.getByText(text).first().waitFor();
  return (await pane.innerText()).replaceAll("\u00a0", " ");
}
