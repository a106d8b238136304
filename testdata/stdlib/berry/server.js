// Answers with the version of Node and what a package computes.
const http = require('node:http')
const ms = require('ms')

http.createServer((request, response) => response.end(`${process.version} ${ms('1h')}`)).listen(8080)
process.on('SIGTERM', () => process.exit())
