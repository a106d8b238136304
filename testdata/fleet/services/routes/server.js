// The way from here to there.
require("harbour").serve("routes", (request) => `routes ${request.url}\n`);
