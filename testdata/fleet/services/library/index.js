// What all services share.
const http = require("http");

exports.serve = (name, answer) => {
  http.createServer((request, response) => response.end(answer(request)))
    .listen(process.env.PORT, () => console.log(`${name} listens`));
};
