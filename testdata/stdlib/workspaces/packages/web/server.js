// Answers with what a package of another workspace says.
const greeting = require('@example/greeting')

require('node:http').createServer((request, response) => response.end(greeting(require('ms')('1h')))).listen(8080)
