// A PLC directory (in memory) and a PDS, both on 127.0.0.1 and free ports, for tests.
//
//   node net.mjs INSTALL DATA     INSTALL holds node_modules, DATA is the PDS's folder
//
// Prints one JSON line when both are ready: {pds, plc, jwtSecret, bypassKey}. SIGTERM, or the end of stdin, stops it.

import crypto from 'node:crypto'
import fs from 'node:fs'
import { createRequire } from 'node:module'
import net from 'node:net'
import path from 'node:path'

const HOST = '127.0.0.1'
const secret = (bytes) => crypto.randomBytes(bytes).toString('hex')

// Both servers call listen(port) without a host, which would open them to the whole network.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function (port, ...rest) {
  const hostless = typeof port === 'number' && typeof rest[0] !== 'string'
  return hostless ? listen.call(this, port, HOST, ...rest) : listen.call(this, port, ...rest)
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer().on('error', reject)
    server.listen(0, () => {
      const { port } = server.address()
      server.close(() => resolve(port))
    })
  })
}

async function startPlc({ PlcServer, Database }) {
  const port = await freePort()
  const plc = PlcServer.create({ db: Database.mock(), port })
  await plc.start()
  return { plc, url: `http://${HOST}:${port}` }
}

async function startPds({ PDS, envToCfg, envToSecrets }, data, didPlcUrl, secrets) {
  const port = await freePort()
  const blobs = path.join(data, 'blobs')
  fs.mkdirSync(blobs, { recursive: true })
  const env = {
    devMode: true,
    hostname: 'localhost',
    port,
    dataDirectory: data,
    blobstoreDiskLocation: blobs,
    didPlcUrl,
    serviceHandleDomains: ['.test'],
    inviteRequired: false,
    disableSsrfProtection: true,
    rateLimitsEnabled: true,
    rateLimitBypassKey: secrets.bypassKey,
    jwtSecret: secrets.jwtSecret,
    adminPassword: secret(16),
    dpopSecret: secret(32),
    plcRotationKeyK256PrivateKeyHex: secret(32),
  }
  const pds = await PDS.create(envToCfg(env), envToSecrets(env))
  await pds.start()
  return { pds, url: `http://${HOST}:${port}` }
}

const [install, data] = process.argv.slice(2).map((name) => path.resolve(name))
const require = createRequire(path.join(install, 'package.json'))
const secrets = { jwtSecret: secret(16), bypassKey: secret(16) }
const { plc, url: plcUrl } = await startPlc(require('@did-plc/server'))
const { pds, url: pdsUrl } = await startPds(require('@atproto/pds'), data, plcUrl, secrets)

let stopping = false
async function stop() {
  if (stopping) return
  stopping = true
  await pds.destroy()
  await plc.destroy()
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.stdin.on('end', stop).resume()

console.log(JSON.stringify({ pds: pdsUrl, plc: plcUrl, ...secrets }))
