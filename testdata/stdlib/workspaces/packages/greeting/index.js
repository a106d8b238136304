const ms = require('ms')

module.exports = time => `hello for ${ms(time, {long: true})}`
