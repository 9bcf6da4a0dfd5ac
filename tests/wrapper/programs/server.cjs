// A CommonJS agent. CLIENT: http, http-list, http-agent, fetch or undici.
const http = require('http')
const { call } = require('./calls.cjs')

const server = http.createServer((request, response) => {
  const answer = async () => response.end(await call(request.url.split('/').pop()))
  if (request.method === 'GET') answer()
  else request.on('end', answer).resume()
})
server.listen({ fd: Number(process.env.AGENT_FD) })
process.on('SIGTERM', () => {
  console.log('ended')
  process.exit(7)
})
