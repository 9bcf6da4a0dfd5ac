// Node loads this before the program (--require, also for ES modules). It carries the inbound request's id and trace context to calls of
// the sidecar, and reports once that it is there. It never throws, and changes nothing else. Own modules of Node only.
'use strict'

try {
  const done = Symbol.for('zerotouch.wrapper')
  const url = process.env.AGENT_SIDECAR_URL
  if (url && !process[done] && process.env.AGENT_WRAPPER_DISABLE !== '1') {
    Object.defineProperty(process, done, { value: true })
    start(url)
  }
} catch (error) {
  // The program works without us.
}

// Host and port of the sidecar's URL; null if it is none that we can call.
function address (url) {
  const found = /^http:\/\/(\[[0-9a-f:.]+\]|[^/@:\s]+):(\d{1,5})(\/|$)/i.exec(url)
  return found && { host: plain(found[1]), port: Number(found[2]) }
}

function plain (host) {
  return host.replace(/^\[|\]$/g, '').toLowerCase()
}

// Does what cannot wait. What a request or the report needs is compiled with the first of them.
function start (url) {
  const channels = require('diagnostics_channel')
  const subscribe = channels.subscribe || ((name, listener) => channels.channel(name).subscribe(listener))
  const requests = new WeakMap()
  let current

  // Published at the start of each request, in its asynchronous context. Without headers of ours it takes away what the connection's
  // previous request left. Nothing can be carried before the first, so that one changes what carries.
  subscribe('http.server.request.start', guarded(({ request }) => {
    if (current === undefined) {
      current = null // once, whatever comes of it
      current = change(address(url), subscribe, requests)
    }
    if (!current) return
    const headers = carriedHeaders(request.headers)
    current.enterWith(headers)
    if (headers.length) requests.set(request, headers)
  }))
  // After the program's first turn, so that its start does not wait; unreferenced, so that its end does not either.
  setImmediate(guarded(() => report(address(url)))).unref()
}

// Returns what holds the headers of the request that is being worked on; null where there is no sidecar.
function change (sidecar, subscribe, requests) {
  if (!sidecar) return null
  const { AsyncLocalStorage } = require('async_hooks')
  const current = new AsyncLocalStorage()
  const http = require('http')
  changeAgent(http.Agent.prototype, sidecar, current)
  changeMessage(http.IncomingMessage.prototype, requests, current)
  // fetch and undici, Node's own and the package.
  subscribe('undici:request:create', guarded(({ request }) => {
    const headers = current.getStore()
    if (headers && headers.length && isSidecar(sidecar, ...hostAndPort(request.origin))) {
      for (const [name, value] of missing(headers, own => hasUndici(request.headers, own))) request.addHeader(name, value)
    }
  }))
  return current
}

function guarded (action) {
  return argument => {
    try {
      action(argument)
    } catch (error) {
      // The program's call goes on as it was.
    }
  }
}

function carriedHeaders (headers) {
  return ['x-agent-request-id', 'traceparent', 'tracestate']
    .filter(name => typeof headers[name] === 'string' && /^[\x20-\x7e]{1,512}$/.test(headers[name]))
    .map(name => [name, headers[name]])
}

// What the program has set itself stays, and a tracestate belongs to its traceparent.
function missing (headers, has) {
  const traced = has('traceparent')
  return headers.filter(([name]) => !has(name) && !(traced && name === 'tracestate'))
}

function isSidecar (sidecar, host, port) {
  const loopback = ['127.0.0.1', 'localhost']
  return port === sidecar.port && (host === sidecar.host || (loopback.includes(host) && loopback.includes(sidecar.host)))
}

function hostAndPort (origin) {
  const url = new URL(origin)
  return url.protocol === 'http:' ? [plain(url.hostname), Number(url.port || 80)] : ['', 0]
}

// Its headers are text in undici 5, a list of names and values since 6.
function hasUndici (headers, name) {
  if (typeof headers === 'string') return ('\r\n' + headers).toLowerCase().includes(`\r\n${name}:`)
  return headers.some((header, index) => index % 2 === 0 && String(header).toLowerCase() === name)
}

// Since Node 24 what comes after a request's head comes in the connection's context. Who listens to the body works on the request.
function changeMessage (prototype, requests, current) {
  const original = prototype.push
  prototype.push = function push (...args) {
    const headers = requests.get(this)
    return headers ? current.run(headers, () => original.apply(this, args)) : original.apply(this, args)
  }
}

// Every http.request of a program goes through its agent, in the same turn, before headers are sent. ES modules see it too.
function changeAgent (prototype, sidecar, current) {
  const original = prototype.addRequest
  prototype.addRequest = function addRequest (request, options, ...rest) {
    try {
      add(request, options, sidecar, current.getStore())
    } catch (error) {
      // The call goes out as the program made it.
    }
    return original.call(this, request, options, ...rest)
  }
}

function add (request, options, sidecar, headers) {
  const isOne = options && request.protocol !== 'https:' && isSidecar(sidecar, plain(String(options.host)), Number(options.port || 80))
  if (!isOne || !headers || !headers.length || request.headersSent && !request._header) return
  if (!request._header) {
    for (const [name, value] of missing(headers, own => request.hasHeader(own))) request.setHeader(name, value)
    return
  }
  // Headers given as a list are text already, and not sent yet.
  const text = request._header.toLowerCase()
  const more = missing(headers, own => text.includes(`\r\n${own}:`)).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  if (!request._headerSent && request._header.endsWith('\r\n\r\n')) request._header = request._header.slice(0, -2) + more + '\r\n'
}

function report (sidecar) {
  if (!sidecar || process.abort.disabled) return // a worker thread of a process that has reported; asking `worker_threads` costs 0.6 ms
  const net = require('net')
  const host = sidecar.host === 'localhost' ? '127.0.0.1' : sidecar.host
  const token = process.env.AGENT_TOKEN || ''
  if (!net.isIP(host) || /[^!-~]/.test(token)) return
  const body = JSON.stringify({
    runtime: 'node',
    runtimeVersion: process.versions.node,
    wrapperVersion: require('fs').readFileSync(require('path').join(__dirname, '..', 'VERSION'), 'utf8').trim(),
    pid: process.pid,
    loaded: true,
    framework: ''
  })
  const socket = net.connect({ host, port: sidecar.port })
  socket.unref()
  socket.on('error', () => socket.destroy())
  socket.setTimeout(1000, () => socket.destroy())
  socket.on('connect', () => socket.end(
    `POST /wrapper/report HTTP/1.1\r\nHost: ${host.includes(':') ? `[${host}]` : host}:${sidecar.port}\r\n` +
    `Authorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  ))
  socket.resume()
}
