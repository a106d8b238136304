// Papers of a freight.
require("harbour").serve("documents", (request) => `documents ${request.url}\n`);
