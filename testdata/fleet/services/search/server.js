// Finds a container.
require("harbour").serve("search", (request) => `search ${request.url}\n`);
