// graphql-yoga on Node's own HTTP server.
import { createServer } from 'node:http'
import { createSchema, createYoga } from 'graphql-yoga'
import { changeStatus, typeDefs } from './store.mjs'

const resolvers = {
  Mutation: {
    updateLeadStatus: (_, { input }, { request }) => changeStatus(request.headers.get('x-api-key'), input)
  }
}
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false })
createServer(yoga).listen(Number(process.env.RACE_PORT), '127.0.0.1')
