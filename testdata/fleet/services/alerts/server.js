// Tells people what went wrong.
require("harbour").serve("alerts", (request) => `alerts ${request.url}\n`);
