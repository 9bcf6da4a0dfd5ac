// A CommonJS agent. CLIENT: http, http-list, http-agent, fetch or undici.
const http = require('http')
const { call } = require('./calls.cjs')

const server = http.createServer(async (request, response) => {
  response.end(await call(request.url.split('/').pop()))
})
server.listen({ fd: Number(process.env.AGENT_FD) })
process.on('SIGTERM', () => {
  console.log('ended')
  process.exit(7)
})
