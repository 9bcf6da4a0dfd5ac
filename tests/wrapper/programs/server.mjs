// The same agent as an ES module.
import http, { createServer } from 'node:http'
import { createRequire } from 'node:module'

const { call } = createRequire(import.meta.url)('./calls.cjs')
const server = createServer(async (request, response) => {
  await new Promise(resolve => setTimeout(resolve, 5))
  response.end(await call(request.url.split('/').pop(), http))
})
server.listen({ fd: Number(process.env.AGENT_FD) })
process.on('SIGTERM', () => {
  console.log('ended')
  process.exit(7)
})
