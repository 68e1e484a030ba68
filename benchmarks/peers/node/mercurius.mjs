// mercurius on fastify, with its compiler for documents; RACE_GROUPED adds group commit.
import { makeExecutableSchema } from '@graphql-tools/schema'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import { changeStatus, changeStatusInGroup, typeDefs } from './store.mjs'

const change = process.env.RACE_GROUPED ? changeStatusInGroup : changeStatus
const resolvers = {
  Mutation: { updateLeadStatus: (_, { input }, { apiKey }) => change(apiKey, input) }
}
const app = Fastify()
app.register(mercurius, {
  schema: makeExecutableSchema({ typeDefs, resolvers }),
  jit: 1,
  context: (request) => ({ apiKey: request.headers['x-api-key'] })
})
app.listen({ port: Number(process.env.RACE_PORT), host: '127.0.0.1' })
