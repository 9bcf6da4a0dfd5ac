const client = process.env.CLIENT || 'http'

function byHttp (url, http) {
  const options = {
    http: { headers: { 'X-Program': 'its own' } },
    'http-list': { headers: ['X-Program', 'its own'] },
    'http-agent': { headers: { 'X-Program': 'its own' }, agent: new http.Agent({ keepAlive: false }) }
  }[client]
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, response => response.resume().on('end', () => resolve(response.statusCode)))
    request.on('error', reject)
    request.end()
  })
}

async function get (url, http) {
  if (client.startsWith('http')) return byHttp(url, http)
  const send = client === 'undici' ? require(process.env.UNDICI).request : fetch
  const response = await send(url, { headers: { 'X-Program': 'its own' } })
  if (client === 'undici') {
    await response.body.text()
    return response.statusCode
  }
  await response.text()
  return response.status
}

exports.call = async (number, http = require('http')) => {
  const statuses = []
  for (const target of [process.env.CALL_SIDECAR, process.env.CALL_ELSEWHERE]) statuses.push(await get(`${target}/echo/${number}`, http))
  return `${number}: ${statuses}`
}
