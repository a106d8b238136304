// Trucks at the gates.
require("harbour").serve("gates", (request) => `gates ${request.url}\n`);
