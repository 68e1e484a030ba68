// The one status change of the Node.js peers: synchronous, prepared statements, one transaction each, as the
// documentation of better-sqlite3 recommends. Generous to the peers in the same way as ../documented.py.
import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import Database from 'better-sqlite3'

const database = new Database(process.env.RACE_DATABASE)
for (const pragma of process.env.RACE_PRAGMAS.split(';')) database.exec(pragma)

// The project's own schema; of its operations only one is there.
export const typeDefs = readFileSync(new URL('../../../schema.graphql', import.meta.url), 'utf8')

const findKey = database.prepare('SELECT project_id, revoked_at, expires_at FROM api_key WHERE key_hash = ?')
const findLead = database.prepare(
  'SELECT * FROM lead WHERE project_id = ? AND unique_identifier = ? ORDER BY id DESC LIMIT 1'
)
const findActiveJob = database.prepare('SELECT id FROM conversion_job WHERE lead_id = ? AND active')
const insertJob = insert('conversion_job', [
  'id', 'project_id', 'lead_id', 'label_id', 'state', 'active', 'lead_status_after', 'price_cents', 'currency',
  'occurred_at', 'warnings', 'created_at'
])
const insertDelivery = insert('delivery', [
  'id', 'project_id', 'job_id', 'lead_id', 'label_id', 'integration_id', 'platform', 'kind', 'state',
  'platform_event_id', 'event_at', 'value_cents', 'currency', 'target', 'consent', 'attempts', 'unknown_errors',
  'taken_back', 'next_attempt_at', 'expires_at', 'created_at'
])
const updateLead = database.prepare(
  'UPDATE lead SET status = ?, label_id = ?, price_cents = ?, current_job_id = ?, updated_at = ? WHERE id = ?'
)

const mappings = new Map()
for (const row of database
  .prepare(
    'SELECT label_id, integration_id, platform, target FROM label_mapping JOIN integration ON integration.id = integration_id'
  )
  .all()) {
  mappings.set(row.label_id, [...(mappings.get(row.label_id) ?? []), row])
}

function insert(table, columns) {
  return database.prepare(
    `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`
  )
}

// UUID version 7 as the file keeps them, without dashes: ids in the order of time keep indexes dense.
function newId() {
  const bytes = randomBytes(16)
  bytes.writeUIntBE(Date.now(), 0, 6)
  bytes[6] = (bytes[6] & 0x0f) | 0x70
  bytes[8] = (bytes[8] & 0x3f) | 0x80
  return bytes.toString('hex')
}

const dashed = (id) => id.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
const stored = (instant) => instant.toISOString().replace('T', ' ').replace('Z', '000')

function findProject(apiKey) {
  const key = findKey.get(createHash('sha256').update(apiKey ?? '').digest('hex'))
  const now = stored(new Date())
  if (!key || key.revoked_at || (key.expires_at && key.expires_at < now)) throw new Error('Invalid API key')
  return key.project_id
}

function queue(apiKey, change) {
  const projectId = findProject(apiKey)
  const lead = findLead.get(projectId, change.lead.uniqueIdentifier)
  if (!lead) return { __typename: 'LeadNotFoundError', code: 'LEAD_NOT_FOUND', message: 'No such lead' }
  const active = findActiveJob.get(lead.id)
  if (active) return { __typename: 'DuplicateJobError', code: 'DUPLICATE_JOB', message: 'The lead has a job' }

  const instant = new Date()
  const now = stored(instant)
  const job = {
    id: newId(),
    project_id: projectId,
    lead_id: lead.id,
    label_id: change.conversionId.replaceAll('-', ''),
    state: 'PENDING',
    active: 1,
    lead_status_after: 'OPEN',
    price_cents: change.price,
    currency: lead.currency,
    occurred_at: now.slice(0, 19) + '.000000',
    warnings: '[]',
    created_at: now
  }
  insertJob.run(job)
  for (const mapping of mappings.get(job.label_id)) insertDelivery.run(delivery(lead, job, mapping, instant))
  updateLead.run('PENDING', job.label_id, change.price, job.id, now, lead.id)
  return {
    __typename: 'QueuedResult',
    message: 'Lead queued for processing',
    leadId: String(lead.id),
    uniqueIdentifier: lead.unique_identifier,
    status: 'PENDING',
    queued: true,
    job: { id: dashed(job.id), state: job.state, active: true, price: job.price_cents, currency: job.currency }
  }
}

function delivery(lead, job, mapping, instant) {
  return {
    id: newId(),
    project_id: job.project_id,
    job_id: job.id,
    lead_id: lead.id,
    label_id: job.label_id,
    integration_id: mapping.integration_id,
    platform: mapping.platform,
    kind: 'SEND',
    state: 'SCHEDULED',
    platform_event_id: `lw-${dashed(job.id)}`,
    event_at: job.occurred_at,
    value_cents: job.price_cents,
    currency: lead.currency,
    target: mapping.target,
    consent: JSON.stringify({
      ad_storage: lead.ad_storage,
      analytics_storage: lead.analytics_storage,
      ad_user_data: lead.ad_user_data,
      ad_personalization: lead.ad_personalization
    }),
    attempts: 0,
    unknown_errors: 0,
    taken_back: 0,
    next_attempt_at: job.created_at,
    expires_at: stored(new Date(instant.getTime() + 7 * 86_400_000)),
    created_at: job.created_at
  }
}

// A transaction for each change.
export const changeStatus = database.transaction(queue).immediate

// What a peer could add, and no documentation shows: one transaction for all that came in meanwhile.
let waiting = []
const commitGroup = database.transaction((group) => {
  for (const call of group) call.answer = queue(call.apiKey, call.change)
}).immediate

function runGroup() {
  const group = waiting
  waiting = []
  try {
    commitGroup(group)
    for (const call of group) call.resolve(call.answer)
  } catch (error) {
    for (const call of group) call.reject(error)
  }
}

export function changeStatusInGroup(apiKey, change) {
  return new Promise((resolve, reject) => {
    waiting.push({ apiKey, change, resolve, reject })
    if (waiting.length === 1) setImmediate(runGroup)
  })
}
