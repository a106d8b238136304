// Lists the orders in the database.
const {Pool} = require('pg')

const pool = new Pool({host: 'database', user: 'postgres', database: 'company', password: process.env.DATABASE_PASSWORD})
pool.on('error', () => {}) // the next request connects again

require('node:http').createServer(async (request, response) => {
  try {
    const {rows} = await pool.query('SELECT item FROM orders ORDER BY id')
    response.end(rows.map(row => row.item).join(', '))
  } catch (error) {
    response.writeHead(503).end(error.message)
  }
}).listen(process.env.PORT)
