// Says how long a session lasts.
const ms = require('ms')

require('node:http').createServer((request, response) => {
  response.end(`sessions last ${ms(ms('2h'), {long: true})}`)
}).listen(process.env.PORT)
