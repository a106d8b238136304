// Where ships lie.
require("harbour").serve("berths", (request) => `berths ${request.url}\n`);
