// Who carries what.
require("harbour").serve("carriers", (request) => `carriers ${request.url}\n`);
